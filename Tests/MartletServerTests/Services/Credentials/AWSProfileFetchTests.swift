import MartletCore
import MartletProviders
import Synchronization
import Testing

@testable import MartletServer

@Suite("Keys by programs and sign-ons", .timeLimit(.minutes(1))) struct AWSProfileFetchTests {
    private static let now: Int64 = 1_795_000_000

    private func source(_ profile: String) -> CredentialSource {
        .aws(AWSCredentialChain(environment: ["HOME": "/h"], region: "eu-west-1", profile: profile))
    }

    private func fetcher(_ config: String, _ transport: ScriptedTransport, token: String? = nil) -> CredentialFetcher {
        // sha1 of "corp"
        let name = "/h/.aws/sso/cache/\(Self.corp).json"
        return .scripted(
            transport,
            files: { path in path == "/h/.aws/config" ? config : path == name ? token : nil },
            unixSeconds: { Self.now }
        )
    }

    private static let corp = "ee0bfd2552fbd840c02cc48b6e823320543c450f"

    private static func reply(_ body: String, status: Int = 200) -> CredentialReply {
        CredentialReply(status: status, body: Array(body.utf8), fields: [:])
    }

    // MARK: Programs

    @Test("a program's words are split without a shell, and its keys end when it says")
    func program() async throws {
        let silent = ScriptedTransport { _, _ throws(CredentialFailure) in throw CredentialFailure("nobody answers") }
        var fetcher = fetcher("[profile p]\ncredential_process = \"/opt/my tool\" --role 'a b' $HOME\n", silent)
        let ran = Mutex<[[String]]>([])
        let output =
            #"{"Version":1,"AccessKeyId":"AKP","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-11-20T12:00:00Z"}"#
        fetcher.run = { words in
            ran.withLock { $0.append(words) }
            return .success(Array(output.utf8))
        }
        let found = try await fetcher.fetch(source("p"))
        #expect(ran.withLock { $0 } == [["/opt/my tool", "--role", "a b", "$HOME"]])
        let keys = AWSKeys(accessKeyID: "AKP", secretAccessKey: Secret("s"), sessionToken: Secret("t"))
        #expect(found.value == .aws(keys) && found.expires == 1_795_176_000)
        #expect(found.place == "the credential_process of profile p")
    }

    @Test(
        "what a program prints is never repeated",
        arguments: [
            (#"{"Version":2,"AccessKeyId":"AKP","SecretAccessKey":"hush"}"#, "prints no Version 1"),
            (#"{"AccessKeyId":"AKP","SecretAccessKey":"hush"}"#, "prints no Version 1"),
            (#"{"Version":1,"SecretAccessKey":"hush"}"#, "prints no AccessKeyId or no SecretAccessKey"),
            (#"{"Version":1,"AccessKeyId":"AKP","SecretAccessKey":"hush","Expiration":"soon"}"#, "that is no time"),
            ("hush", "prints no JSON"),
        ]
    )
    func badProgram(output: String, words: String) async throws {
        let silent = ScriptedTransport { _, _ throws(CredentialFailure) in throw CredentialFailure("nobody answers") }
        var fetcher = fetcher("[profile p]\ncredential_process = tool\n", silent)
        fetcher.run = { _ in .success(Array(output.utf8)) }
        do throws(CredentialFailure) {
            _ = try await fetcher.fetch(source("p"))
            Issue.record("it has keys")
        } catch {
            #expect(error.reason.hasPrefix("the credential_process of profile p prints"), "\(error.reason)")
            #expect(error.reason.contains(words) && !error.reason.contains("hush"), "\(error.reason)")
        }
    }

    // MARK: Sign-ons

    private static let config = """
        [sso-session corp]
        sso_region = eu-west-3
        sso_start_url = https://corp.example.com/start
        [profile p]
        sso_session = corp
        sso_account_id = 123
        sso_role_name = My Role
        aws_access_key_id = OLD
        aws_secret_access_key = old
        """

    private static func token(_ end: String, refresh: Bool = true) -> String {
        let rest =
            refresh
            ? #","clientId":"c","clientSecret":"cs","refreshToken":"rt","registrationExpiresAt":"2027-01-01T00:00:00Z""#
            : ""
        return #"{"accessToken":"at-1","expiresAt":"\#(end)"\#(rest)}"#
    }

    private static let keys =
        #"{"roleCredentials":{"accessKeyId":"AKS","secretAccessKey":"s","sessionToken":"t","expiration":1795003600999}}"#

    @Test("a sign-on comes before the keys that stand in the file, and its token is sent to its region's portal")
    func signOn() async throws {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply(Self.keys) }
        let found = try await fetcher(
            Self.config,
            transport,
            token: Self.token("2026-11-18T12:00:00UTC", refresh: false)
        )
        .fetch(source("p"))
        let keys = AWSKeys(accessKeyID: "AKS", secretAccessKey: Secret("s"), sessionToken: Secret("t"))
        #expect(found.value == .aws(keys) && found.expires == 1_795_003_600)
        let url = "https://portal.sso.eu-west-3.amazonaws.com/federation/credentials?role_name=My%20Role&account_id=123"
        #expect(transport.calls.map(\.url) == [url])
        #expect(transport.calls[0].fields["x-amz-sso_bearer_token"] == "at-1")
    }

    @Test("a token that ends soon is renewed, and kept where AWS's tools find it")
    func renewed() async throws {
        let transport = ScriptedTransport { call, _ throws(CredentialFailure) in
            call.url == "https://oidc.eu-west-3.amazonaws.com/token"
                ? Self.reply(#"{"accessToken":"at-2","expiresIn":3600,"refreshToken":"rt-2"}"#) : Self.reply(Self.keys)
        }
        var fetcher = fetcher(Self.config, transport, token: Self.token("2026-11-18T11:10:00Z"))
        let written = Mutex<[String: String]>([:])
        fetcher.writeFile = { path, bytes in written.withLock { $0[path] = String(decoding: bytes, as: UTF8.self) } }
        _ = try await fetcher.fetch(source("p"))
        #expect(transport.calls.last?.fields["x-amz-sso_bearer_token"] == "at-2")
        #expect(
            String(decoding: transport.calls[0].body, as: UTF8.self)
                == #"{"grantType":"refresh_token","clientId":"c","clientSecret":"cs","refreshToken":"rt"}"#
        )
        #expect(
            written.withLock { $0 } == [
                "/h/.aws/sso/cache/\(Self.corp).json":
                    #"{"startUrl":"https://corp.example.com/start","region":"eu-west-3","accessToken":"at-2","#
                    + #""expiresAt":"2026-11-18T12:06:40Z","clientId":"c","clientSecret":"cs","#
                    + #""registrationExpiresAt":"2027-01-01T00:00:00Z","refreshToken":"rt-2"}"#
            ]
        )
    }

    @Test("a token that has ended, or is not there, or is refused, is told with what to do; no other keys are used")
    func ended() async throws {
        let advice = "run `aws sso login --profile p`"
        for (token, status, words) in [
            (nil, 200, "nobody has signed in for profile p: \(advice)"),
            (Self.token("2026-11-17T00:00:00Z"), 400, "the sign-on of profile p has ended: \(advice)"),
            (Self.token("2026-12-17T00:00:00Z"), 401, "the sign-on of profile p is not accepted any more: \(advice)"),
        ] {
            let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply("{}", status: status) }
            do throws(CredentialFailure) {
                _ = try await fetcher(Self.config, transport, token: token).fetch(source("p"))
                Issue.record("it has keys")
            } catch {
                #expect(error.reason == words)
            }
        }
    }
}

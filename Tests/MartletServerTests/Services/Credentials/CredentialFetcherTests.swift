import MartletCore
import MartletProviders
import Testing

@testable import MartletServer

@Suite("Where credentials are looked for", .timeLimit(.minutes(1))) struct CredentialFetcherTests {
    private static let keys =
        #"{"AccessKeyId":"AK","SecretAccessKey":"sk","Token":"tok","Expiration":"2026-11-20T12:00:00Z"}"#

    private static func reply(_ body: String, status: Int = 200, _ fields: [String: String] = [:]) -> CredentialReply {
        CredentialReply(status: status, body: Array(body.utf8), fields: fields)
    }

    private func chain(_ environment: [String: String]) -> CredentialSource {
        .aws(
            AWSCredentialChain(
                environment: environment.merging(["HOME": "/h"]) { mine, _ in mine },
                region: "eu-west-1"
            )
        )
    }

    // MARK: AWS

    @Test("instances are asked in three steps, with the session of the first")
    func instance() async throws {
        let transport = ScriptedTransport { call, _ throws(CredentialFailure) in
            switch call.url {
            case "http://imds/latest/api/token": return Self.reply("session-1")
            case "http://imds/latest/meta-data/iam/security-credentials/": return Self.reply("my role\nother")
            default: return Self.reply(Self.keys)
            }
        }
        // A name with a blank is no line that is believed.
        let source = chain(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://imds/"])
        await #expect(throws: CredentialFailure.self) { () async throws in
            try await CredentialFetcher.scripted(transport).fetch(source)
        }
        let good = ScriptedTransport { call, _ throws(CredentialFailure) in
            switch call.url {
            case "http://imds/latest/api/token": return Self.reply("session-1")
            case "http://imds/latest/meta-data/iam/security-credentials/": return Self.reply("role-1\n")
            default: return Self.reply(Self.keys)
            }
        }
        let found = try await CredentialFetcher.scripted(good).fetch(source)
        let expected = AWSKeys(accessKeyID: "AK", secretAccessKey: Secret("sk"), sessionToken: Secret("tok"))
        #expect(found.value == .aws(expected) && found.expires == 1_795_176_000)
        #expect(good.calls.map(\.method) == ["PUT", "GET", "GET"])
        #expect(good.calls[0].fields["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(good.calls[1].fields["x-aws-ec2-metadata-token"] == "session-1")
        #expect(good.calls[2].url.hasSuffix("/security-credentials/role-1"))
        #expect(good.calls.allSatisfy { $0.isMachineLocal })
    }

    @Test("a container's endpoint gets the token of its file, and only where AWS has such endpoints")
    func container() async throws {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply(Self.keys) }
        let fetcher = CredentialFetcher.scripted(transport, files: { $0 == "/token" ? "bearer-1\n" : nil })
        _ = try await fetcher.fetch(
            chain([
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/creds",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
            ])
        )
        #expect(transport.calls.map(\.url) == ["http://169.254.170.2/v2/creds"])
        #expect(transport.calls[0].fields["authorization"] == "bearer-1")
        for url in [
            "http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1", "http://localhost:8080/c", "http://127.0.0.9:1/c",
            "https://elsewhere.example.com/c",
        ] {
            _ = try await fetcher.fetch(chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]))
        }
        let count = transport.calls.count
        for url in [
            "http://elsewhere.example.com/c", "http://169.254.170.2@evil.example.com/", "http://127.0.0.1.evil.com/",
            "ftp://localhost/", "http://169.254.170.20/", "",
        ] {
            let source = chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_EC2_METADATA_DISABLED": "true"])
            await #expect(throws: CredentialFailure.self) { try await fetcher.fetch(source) }
        }
        #expect(transport.calls.count == count)
    }

    @Test("a web identity is exchanged for keys of its role; the token is read anew each time")
    func webIdentity() async throws {
        let answer = """
            <AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
            <AccessKeyId>AKW</AccessKeyId><SecretAccessKey>s&amp;k</SecretAccessKey><SessionToken>tw==</SessionToken>
            <Expiration>2026-11-20T12:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
            </AssumeRoleWithWebIdentityResponse>
            """
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply(answer) }
        let fetcher = CredentialFetcher.scripted(transport, files: { $0 == "/jwt" ? "header.claims.sig" : nil })
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/jwt", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
            "AWS_ROLE_SESSION_NAME": "me",
        ]
        let found = try await fetcher.fetch(chain(variables))
        let expected = AWSKeys(accessKeyID: "AKW", secretAccessKey: Secret("s&k"), sessionToken: Secret("tw=="))
        #expect(found.value == .aws(expected))
        #expect(transport.calls[0].url == "https://sts.eu-west-1.amazonaws.com/")
        let form = String(decoding: transport.calls[0].body, as: UTF8.self)
        #expect(
            form.contains(
                "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&WebIdentityToken=header.claims.sig"
            )
        )
        _ = try await fetcher.fetch(chain(variables.merging(["AWS_ENDPOINT_URL_STS": "http://127.0.0.1:4566/"]) { $1 }))
        #expect(transport.calls[1].url == "http://127.0.0.1:4566/")
    }

    @Test("a profile's role is taken with the environment's keys where the profile says so")
    func environmentRole() async throws {
        let answer = """
            <AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKR</AccessKeyId>
            <SecretAccessKey>sr</SecretAccessKey><SessionToken>tr</SessionToken>
            <Expiration>2026-11-20T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
            """
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply(answer) }
        let config = "[profile ops]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Environment\n"
        let fetcher = CredentialFetcher.scripted(transport, files: { $0 == "/h/.aws/config" ? config : nil })
        let keys = ["HOME": "/h", "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"]
        let chain = AWSCredentialChain(environment: keys, region: "eu-west-1", profile: "ops")
        let role = AWSKeys(accessKeyID: "AKR", secretAccessKey: Secret("sr"), sessionToken: Secret("tr"))
        #expect(try await fetcher.fetch(.aws(chain)).value == .aws(role))
        #expect(transport.calls[0].fields.contains { $0.value.contains("Credential=ENV/") })
        let bare = AWSCredentialChain(environment: ["HOME": "/h"], region: "eu-west-1", profile: "ops")
        await #expect(throws: CredentialFailure("the credential_source of profile ops has no keys")) {
            try await fetcher.fetch(.aws(bare))
        }
    }

    @Test("files come after the environment, credentials before config, and what is not supported is said, not skipped")
    func profiles() async throws {
        let files: @Sendable (String) -> String? = { path in
            switch path {
            case "/h/.aws/credentials":
                """
                [default]
                aws_access_key_id = FILE  # a comment
                AWS_SECRET_ACCESS_KEY = s1
                [sso]
                """
            case "/h/.aws/config":
                """
                [profile dev]
                aws_access_key_id=CONF
                aws_secret_access_key=s2
                [profile mfa]
                role_arn = arn:aws:iam::1:role/r
                source_profile = mfa
                mfa_serial = 7
                [profile loop]
                role_arn = arn:aws:iam::1:role/r
                source_profile = pool
                [profile pool]
                role_arn = arn:aws:iam::1:role/r
                source_profile = loop
                [profile bare]
                role_arn = arn:aws:iam::1:role/r
                [profile sso]
                sso_session = corp
                """
            default: nil
            }
        }
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in throw CredentialFailure("nobody answers")
        }
        let fetcher = CredentialFetcher.scripted(transport, files: files)
        func key(_ variables: [String: String]) async throws -> String? {
            guard case .aws(let keys) = try await fetcher.fetch(chain(variables)).value else { return nil }
            return keys.accessKeyID
        }
        #expect(try await key([:]) == "FILE")
        #expect(try await key(["AWS_PROFILE": "dev"]) == "CONF")
        #expect(try await key(["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"]) == "ENV")
        for (profile, word) in [
            ("mfa", "mfa_serial"), ("loop", "leads back"), ("bare", "no source_profile"), ("sso", "sso_session"),
            ("none", "there is no AWS profile none: it is in neither /h/.aws/credentials nor /h/.aws/config"),
        ] {
            do {
                _ = try await key(["AWS_PROFILE": profile])
                Issue.record("\(profile) has keys")
            } catch let failure as CredentialFailure {
                #expect(failure.reason.contains(word), "\(failure.reason)")
            }
        }
    }

    @Test(
        "half a key ends the search, so that no other identity is used",
        arguments: [
            (["AWS_ACCESS_KEY_ID": "AK"], "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
            (["AWS_SECRET_ACCESS_KEY": "s"], "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"),
            (["AWS_PROFILE": "half"], "profile half has aws_access_key_id without aws_secret_access_key"),
            (["AWS_PROFILE": "other"], "profile other has aws_secret_access_key without aws_access_key_id"),
            (["AWS_WEB_IDENTITY_TOKEN_FILE": "/jwt"], "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"),
            (["AWS_PROFILE": "mfa"], "profile mfa has mfa_serial, which is not supported"),
        ]
    )
    func halfAKey(variables: [String: String], reason: String) async throws {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply(Self.keys) }
        let fetcher = CredentialFetcher.scripted(transport) { path in
            switch path {
            case "/h/.aws/credentials":
                """
                [default]
                aws_access_key_id = WHOLE
                aws_secret_access_key = s
                [half]
                aws_access_key_id = HALF
                """
            case "/h/.aws/config":
                """
                [profile other]
                aws_secret_access_key = s
                [profile mfa]
                role_arn = arn:aws:iam::1:role/r
                source_profile = default
                mfa_serial = arn:aws:iam::1:mfa/me
                """
            case "/jwt": "header.claims.sig"
            default: nil
            }
        }
        let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/creds"]
        let source = chain(variables.merging(container) { mine, _ in mine })
        await #expect(throws: CredentialFailure(reason)) { try await fetcher.fetch(source) }
        #expect(transport.calls.isEmpty, "nobody else is asked")
    }

    @Test("an account that names a profile is not disturbed by half a key of the environment")
    func profileBesideHalfAKey() async throws {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply("", status: 500) }
        let files = "[ops]\naws_access_key_id = OPS\naws_secret_access_key = s\nmfa_serial = unused\n"
        let fetcher = CredentialFetcher.scripted(transport, files: { $0 == "/h/.aws/credentials" ? files : nil })
        let environment = ["HOME": "/h", "AWS_ACCESS_KEY_ID": "AK"]
        let chain = AWSCredentialChain(environment: environment, region: "eu-west-1", profile: "ops")
        let keys = AWSKeys(accessKeyID: "OPS", secretAccessKey: Secret("s"))
        #expect(try await fetcher.fetch(.aws(chain)).value == .aws(keys))
    }

    @Test("where fixed keys stand is said")
    func fixedPlace() async throws {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply("", status: 500) }
        let environment = chain(["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s"])
        let found = try await CredentialFetcher.scripted(transport).fetch(environment)
        #expect(found.place == "AWS_ACCESS_KEY_ID of the environment")
    }

    // MARK: Google and Entra

    @Test("a user's refresh token is exchanged, and errors carry the service's words but no secret")
    func user() async throws {
        let file = #"{"type":"authorized_user","client_id":"c","client_secret":"s+s","refresh_token":"r/t"}"#
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in
            number == 1
                ? Self.reply(#"{"access_token":"ya29.x","expires_in":3599}"#)
                : Self.reply(
                    #"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#,
                    status: 400
                )
        }
        let fetcher = CredentialFetcher.scripted(transport, files: { $0 == "/adc.json" ? file : nil })
        let place = GoogleCredentialSource.Place.discovered(files: ["/none", "/adc.json"], metadataURL: "http://m")
        let source = CredentialSource.google(GoogleCredentialSource(place, scope: "all"))
        let found = try await fetcher.fetch(source)
        #expect(found.value == .token(Secret("ya29.x")) && found.expires == 1_795_003_599)
        #expect(transport.calls[0].url == "https://oauth2.googleapis.com/token" && !transport.calls[0].isMachineLocal)
        #expect(
            String(decoding: transport.calls[0].body, as: UTF8.self)
                == "grant_type=refresh_token&client_id=c&client_secret=s%2Bs&refresh_token=r%2Ft"
        )
        do {
            _ = try await fetcher.fetch(source)
            Issue.record("a token")
        } catch {
            #expect(error.reason.contains("400 (invalid_grant: Token has been expired or revoked.)"))
            #expect(!error.reason.contains("r/t") && !error.reason.contains("s+s"))
        }
    }

    @Test("the metadata server is believed only with its own mark")
    func metadata() async throws {
        let token = #"{"access_token":"ya29.m","expires_in":"300"}"#
        let transport = ScriptedTransport { call, number throws(CredentialFailure) in
            Self.reply(token, number == 1 ? ["metadata-flavor": "Google"] : [:])
        }
        let place = GoogleCredentialSource.Place.discovered(files: [], metadataURL: "http://m")
        let source = CredentialSource.google(GoogleCredentialSource(place, scope: "https://a b"))
        let found = try await CredentialFetcher.scripted(transport).fetch(source)
        #expect(found.value == .token(Secret("ya29.m")) && found.expires == 1_795_000_300)
        #expect(transport.calls[0].url.hasSuffix("/default/token?scopes=https%3A%2F%2Fa%2Cb"))
        #expect(transport.calls[0].fields["metadata-flavor"] == "Google" && transport.calls[0].isMachineLocal)
        await #expect(throws: CredentialFailure.self) { () async throws in
            try await CredentialFetcher.scripted(transport).fetch(source)
        }
    }

    @Test("an application of Entra gets a token for its scope")
    func entra() async throws {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in
            Self.reply(#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ.x"}"#)
        }
        let environment = ["AZURE_TENANT_ID": "t 1", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s~&"]
        let client = try #require(EntraClient(environment: environment, scope: "https://e/.default"))
        let found = try await CredentialFetcher.scripted(transport).fetch(.entra(client))
        #expect(found.value == .token(Secret("eyJ.x")))
        #expect(transport.calls[0].url == "https://login.microsoftonline.com/t%201/oauth2/v2.0/token")
        #expect(
            String(decoding: transport.calls[0].body, as: UTF8.self)
                == "grant_type=client_credentials&client_id=c&client_secret=s~%26&scope=https%3A%2F%2Fe%2F.default"
        )
    }
}

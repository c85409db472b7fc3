import Foundation
import MartletConfig
import MartletCore
import MartletProviders
import MartletTesting
import Testing

@testable import MartletServer

@Suite("The doctor asks accounts of clouds", .timeLimit(.minutes(1)))
struct CloudAccountTests {
    private static func answer(_ status: Int, _ body: String, _ fields: String = "") -> UpstreamScript {
        let head = "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n"
        return UpstreamScript([.write(Array((head + fields + "\r\n" + body).utf8))])
    }

    /// The doctor's lines about an account, and the request lines that came of it.
    private func look(
        _ account: String,
        _ toml: @Sendable (String) -> String,
        _ environment: @Sendable (Int) -> [String: String],
        script: @escaping @Sendable (ReceivedRequest) -> UpstreamScript
    ) async throws -> (checks: [DoctorCheck], asked: [String]) {
        let upstream = try await ScriptedUpstream.start { request, _ in script(request) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        var flags = FlagOverrides()
        flags.dataDirectory = folder
        let text = toml("http://127.0.0.1:\(upstream.port)")
        let files = FileAccess(read: { $0 == "/c/m.toml" ? Array(text.utf8) : nil })
        let variables = environment(upstream.port)
        let config = ConfigLoader.load(files: ["/c/m.toml"], flags: flags, environment: variables, files: files)
        let checks = await Doctor(config: config, files: ["/c/m.toml"], now: { 1_795_000_000 }).checks()
        let asked = upstream.journal.requests.map(\.requestLine)
        await upstream.stop()
        return (checks.filter { $0.name == "account \(account)" }, asked)
    }

    @Test("an account whose models have deployments is asked once, for the list above them, and is one line")
    func deployments() async throws {
        let found = try await look("azure") { base in
            """
            [gateway.providers.azure]
            base_url = "\(base)"
            api_version = "2024-10-21"
            api_key_location = "env::KEY"
            [models."gpt-4o".providers.azure]
            [models."gpt-4.1".providers.azure]
            """
        } _: { _ in
            ["KEY": "k-0123456789"]
        } script: { request in
            request.values(of: "api-key").isEmpty
                ? Self.answer(401, "{}") : Self.answer(200, #"{"data":[{"id":"gpt-4o"}]}"#)
        }
        #expect(found.checks.map(\.status) == [.ok], "\(found.checks)")
        #expect(found.checks.first?.message.contains("1 models, the key is accepted") == true)
        // With the key and without.
        let line = "GET /openai/models?api-version=2024-10-21 HTTP/1.1"
        #expect(found.asked == [line, line])
    }

    @Test(
        "Bedrock with a bearer token is asked to count tokens, which costs nothing, and blamed for no missing list",
        arguments: [(200, DoctorCheck.Status.ok), (404, .ok), (400, .ok), (403, .warn), (401, .fail)]
    )
    func bearer(status: Int, expected: DoctorCheck.Status) async throws {
        let found = try await look("bedrock") { base in
            "[gateway.providers.bedrock]\nregion = \"us-east-1\"\nbase_url = \"\(base)\"\n"
        } _: { _ in
            ["AWS_BEARER_TOKEN_BEDROCK": "bedrock-token-0123456789"]
        } script: { _ in
            Self.answer(
                status,
                #"{"message":"Token bedrock-token-0123456789 is not authorized"}"#,
                "x-amzn-errortype: AccessDeniedException:http://internal\r\n"
            )
        }
        #expect(found.checks.map(\.status) == [expected], "\(found.checks)")
        #expect(
            found.asked == ["POST /model/anthropic.claude-haiku-4-5-20251001-v1%3A0/count-tokens HTTP/1.1"]
        )
        #expect(!"\(found.checks)".contains("base_url") && !"\(found.checks)".contains("bedrock-token"))
        #expect("\(found.checks)".contains("the key is accepted") == (status <= 400), "\(found.checks)")
        if status > 400, status < 404 {
            #expect("\(found.checks)".contains("\(status) AccessDeniedException"), "\(found.checks)")
            #expect("\(found.checks)".contains("Token *** is not authorized"))
        }
    }

    @Test(
        "a bearer token that Bedrock does not know fails, though it says so as it says that a right is missing",
        arguments: [
            #"{"Message":"Authentication failed: Please make sure your API Key is valid."}"#,
            #"{"Message":"Invalid API Key format: Must start with pre-defined prefix"}"#,
            #"{"message":"The security token included in the request is expired"}"#,
        ]
    )
    func unknownBearer(body: String) async throws {
        let found = try await look("bedrock") { base in
            "[gateway.providers.bedrock]\nregion = \"us-east-1\"\nbase_url = \"\(base)\"\n"
        } _: { _ in
            ["AWS_BEARER_TOKEN_BEDROCK": "bedrock-token-0123456789"]
        } script: { _ in
            Self.answer(403, body, "x-amzn-errortype: AccessDeniedException\r\n")
        }
        #expect(found.checks.map(\.status) == [.fail], "\(found.checks)")
        #expect(found.checks.first?.message.contains("refuses the key (403 AccessDeniedException: ") == true)
    }

    @Test("models of several makers behind one credential are one line; the provider's words about a refusal are shown")
    func makers() async throws {
        let found = try await look("vertex") { base in
            """
            [gateway.providers.vertex]
            project_id = "p"
            location = "global"
            base_url = "\(base)/v1/projects/p/locations/global"
            credential_location = "sdk"
            """
        } _: { port in
            ["GCE_METADATA_HOST": "127.0.0.1:\(port)"]
        } script: { request in
            request.requestLine.contains("computeMetadata")
                ? Self.answer(
                    200,
                    #"{"access_token":"ya29.secret-token","expires_in":3000}"#,
                    "metadata-flavor: Google\r\n"
                )
                : Self.answer(
                    403,
                    #"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"Vertex AI API has not been enabled"}}"#
                )
        }
        #expect(found.checks.map(\.status) == [.warn], "\(found.checks)")
        #expect(
            found.checks.first?.message.contains("403 PERMISSION_DENIED: Vertex AI API has not been enabled") == true
        )
        #expect(found.checks.first?.message.contains("the metadata server") == true)
        #expect(found.asked.count == 2)
    }

    @Test("AWS keys are told by where they stand, and the token service that a variable names is asked whose they are")
    func ownKeys() async throws {
        let found = try await look("bedrock") { base in
            """
            [gateway.providers.bedrock]
            region = "us-east-1"
            base_url = "\(base)"
            access_key_id = "AKIDOWN"
            secret_access_key = "secret-0123456789"
            """
        } _: { port in
            ["AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(port)"]
        } script: { request in
            request.requestLine.hasPrefix("POST")
                ? Self.answer(200, "<R><Arn>arn:aws:iam::1:user/me</Arn></R>") : Self.answer(404, "{}")
        }
        #expect(found.checks.map(\.status) == [.ok], "\(found.checks)")
        #expect(
            found.checks.first?.message.contains(
                "credential from access_key_id of the account is arn:aws:iam::1:user/me"
            )
                == true
        )
    }

    @Test(
        "advice fits the cause",
        arguments: [
            (503, "{}", "try again later"), (400, #"{"error":"invalid_grant"}"#, "is the key deleted"),
            (429, "{}", "try again later"),
        ]
    )
    func advice(status: Int, body: String, hint: String) async throws {
        let file = #"{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"}"#
        let found = try await look("vertex") { base in
            """
            [gateway.providers.vertex]
            project_id = "p"
            location = "global"
            credential_location = "env::USER"
            """
        } _: { port in
            ["USER": file.replacing("}", with: #","token_uri":"http://127.0.0.1:\#(port)/token"}"#)]
        } script: { _ in
            Self.answer(status, body)
        }
        #expect(found.checks.first?.hint?.contains(hint) == true, "\(found.checks)")
        #expect(found.checks.map(\.status) == [.fail])
    }
}

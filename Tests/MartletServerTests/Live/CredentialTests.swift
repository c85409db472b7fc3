import MartletCore
import MartletProviders
import MartletRouting
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// Accounts whose credentials are fetched, or sign, or come from the caller.
    @Suite("Fetched credentials and signatures")
    struct Credentials {
        /// A token service that numbers its tokens.
        private static func tokens(
            _ answer: @escaping @Sendable (Int) -> (status: Int, body: String) = { number in
                (200, #"{"access_token":"token-\#(number)","expires_in":3600}"#)
            }
        ) async throws -> ScriptedUpstream {
            try await ScriptedUpstream.start { request, _ in
                let (status, body) = answer(request.connection + 1)
                let head =
                    "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\nmetadata-flavor: Google\r\n"
                    + "content-length: \(body.utf8.count)\r\n\r\n"
                return UpstreamScript([.write(Array((head + body).utf8))])
            }
        }

        /// An upstream that takes only some tokens.
        private static func picky(_ accepted: @escaping @Sendable (String) -> Bool) async throws -> ScriptedUpstream {
            try await ScriptedUpstream.start { request, attempt in
                let isGood = accepted(request.values(of: "authorization").first ?? "")
                guard !isGood else { return .named(request, attempt: attempt, unixSeconds: 0) }
                let body = #"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#
                let head =
                    "HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
                return UpstreamScript([.write(Array((head + body).utf8))])
            }
        }

        private static func target(
            _ upstream: ScriptedUpstream,
            _ authorization: Authorization?,
            account: String = "cloud"
        ) -> Target {
            Target(
                id: TargetID(account: AccountName(account), upstreamModel: "ok", credentialLocation: "sdk"),
                account: AccountName(account),
                kind: ProviderKind("openai_compatible"),
                dialect: .openAIChat,
                upstreamModel: "ok",
                endpoint: Endpoint(tls: false, host: "127.0.0.1", port: upstream.port, basePath: "/v1"),
                source: .custom,
                // So that requests that stay on this machine may go there.
                isLocal: true,
                authorization: authorization
            )
        }

        private static func token(from service: ScriptedUpstream) -> Authorization {
            let place = GoogleCredentialSource.Place.discovered(
                files: [],
                metadataURL: "http://127.0.0.1:\(service.port)"
            )
            return Authorization(
                CredentialID(account: AccountName("cloud"), location: "sdk"),
                source: .google(GoogleCredentialSource(place, scope: "all")),
                form: .field(name: "authorization", prefix: "Bearer ")
            )
        }

        private func model(_ targets: Target...) -> [ModelEntry] {
            [ModelEntry(name: ModelName("cloudy"), targets: targets)]
        }

        @Test("many requests at once lead to one call for a token, and all carry it")
        func together() async throws {
            let service = try await Self.tokens()
            try await LiveGateway.run { gateway, upstream in
                try await gateway.use(models: model(Self.target(upstream, Self.token(from: service))))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<60 {
                        group.addTask {
                            let answer = try await gateway.chat("cloudy", stream: index % 2 == 0)
                            #expect(answer.status == 200)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(service.journal.requests.count == 1)
                let sent = upstream.journal.requests.map { $0.values(of: "authorization") }
                #expect(sent.count == 60 && sent.allSatisfy { $0 == ["Bearer token-1"] })
            }
            await service.stop()
        }

        @Test("a refused token is renewed once, and the caller sees nothing of it")
        func renewed() async throws {
            let service = try await Self.tokens()
            let upstream = try await Self.picky { $0 == "Bearer token-2" }
            try await LiveGateway.run { gateway, _ in
                try await gateway.use(models: model(Self.target(upstream, Self.token(from: service))))
                for _ in 0..<2 {
                    let answer = try await gateway.chat("cloudy")
                    #expect(answer.status == 200)
                }
                let sent = upstream.journal.requests.flatMap { $0.values(of: "authorization") }
                #expect(sent == ["Bearer token-1", "Bearer token-2", "Bearer token-2"])
                #expect(service.journal.requests.count == 2)
            }
            await upstream.stop()
            await service.stop()
        }

        @Test("without a token the next target is asked; when none is left the error names account and cause, not more")
        func failing() async throws {
            let service = try await Self.tokens { _ in
                (400, #"{"error":"invalid_grant","error_description":"Bad key.","secret":"sk-never"}"#)
            }
            try await LiveGateway.run { gateway, upstream in
                let cloud = Self.target(upstream, Self.token(from: service))
                try await gateway.use(models: model(cloud, Self.target(upstream, nil, account: "other")))
                let answer = try await gateway.chat("cloudy")
                #expect(answer.status == 200 && answer["x-provider"] == "other")
                try await gateway.use(models: model(cloud))
                let failed = try await gateway.chat("cloudy")
                #expect(failed.status == 502 && failed.errorCode == "provider_auth_error")
                #expect(failed.text.contains("account cloud") && failed.text.contains("the gateway's log says why"))
                #expect(!failed.text.contains("invalid_grant") && !failed.text.contains("sk-never"))
                // Told from memory: the service is not asked by every request.
                #expect(service.journal.requests.count == 1)
            }
            await service.stop()
        }

        @Test("nothing is fetched for a request that stays on this machine")
        func localOnly() async throws {
            let service = try await Self.tokens()
            try await LiveGateway.run { gateway, upstream in
                try await gateway.use(models: model(Self.target(upstream, Self.token(from: service))))
                let fields = ["x-gateway-privacy: local_only"]
                let refused = try await gateway.chat("cloudy", fields: fields)
                #expect(refused.status == 502 && service.journal.requests.isEmpty)
                #expect(try await gateway.chat("cloudy").status == 200)
                // What is there is used.
                #expect(try await gateway.chat("cloudy", fields: fields).status == 200)
                #expect(service.journal.requests.count == 1)
            }
            await service.stop()
        }

        @Test("small and large bodies are signed as they arrive", arguments: [0, 20_000, 300_000])
        func signed(padding: Int) async throws {
            var chain = AWSCredentialChain(region: "eu-west-1")
            chain.fixed = AWSKeys(accessKeyID: "AK", secretAccessKey: Secret("shh"), sessionToken: Secret("tok"))
            let authorization = Authorization(
                CredentialID(account: AccountName("cloud"), location: "sdk"),
                source: .aws(chain),
                form: .awsV4(region: "eu-west-1", service: "svc")
            )
            let keys = chain.fixed
            try await LiveGateway.run { gateway, upstream in
                try await gateway.use(models: model(Self.target(upstream, authorization)))
                let body = ChatFixtures.request(model: "cloudy", padding: padding)
                for _ in 0..<2 {
                    let answer = try await gateway.exchange(LiveRequest.chat(body))
                    #expect(answer.status == 200)
                }
                for request in upstream.journal.requests {
                    let date = try #require(request.values(of: "x-amz-date").first)
                    let time = try #require(
                        UTCTime.unixSeconds(
                            "\(date.prefix(4))-\(date.dropFirst(4).prefix(2))-\(date.dropFirst(6).prefix(2))T"
                                + "\(date.dropFirst(9).prefix(2)):\(date.dropFirst(11).prefix(2)):"
                                + "\(date.dropFirst(13).prefix(2))Z"
                        )
                    )
                    let signer = SigV4Signer(keys: try #require(keys), region: "eu-west-1", service: "svc")
                    let expected = signer.sign(
                        method: "POST",
                        target: "/v1/chat/completions",
                        fields: [
                            .init("host", request.values(of: "host").first ?? ""),
                            .init("content-type", request.values(of: "content-type").first ?? ""),
                        ],
                        payloadHash: PayloadHash.digits(of: request.body),
                        unixSeconds: time
                    )
                    #expect(request.values(of: "authorization") == [expected.last?.value])
                    #expect(request.values(of: "x-amz-security-token") == ["tok"])
                    #expect(request.body.count > padding)
                }
                #expect(upstream.journal.requests.count == 2)
            }
        }

        @Test("a caller's own credential goes to the account that takes it, and nowhere else")
        func callers() async throws {
            try await LiveGateway.run { gateway, upstream in
                let authorization = Authorization(
                    CredentialID(account: AccountName("cloud"), location: "dynamic::team"),
                    callerKey: "team",
                    callerForm: .field(name: "x-api-key", prefix: "")
                )
                try await gateway.use(models: model(Self.target(upstream, authorization)))
                let fields = ["X-Gateway-Credential-Team: sk-of-the-caller"]
                #expect(try await gateway.chat("cloudy", fields: fields).status == 200)
                #expect(try await gateway.chat("up::ok", fields: fields).status == 200)
                let missing = try await gateway.chat("cloudy")
                #expect(missing.status == 400 && missing.text.contains("x-gateway-credential-team"))
                let requests = upstream.journal.requests
                #expect(requests.map { $0.values(of: "x-api-key") } == [["sk-of-the-caller"], []])
                #expect(requests.allSatisfy { $0.values(of: "x-gateway-credential-team").isEmpty })
            }
        }
    }
}

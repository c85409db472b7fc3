import MartletCore
import MartletRouting
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// Proxies between the gateway and its upstreams, and client certificates towards these.
    @Suite("Upstream proxies and client certificates")
    struct Proxies {
        /// Runs a gateway whose account `up` is at `models.test`, which only a proxy can reach.
        private func run(
            secure: Bool = true,
            names: String = "DNS:models.test",
            answer: String = "HTTP/1.1 200 Connection established\r\n\r\n",
            host: String = "models.test",
            variables: (Int) -> [String: String] = { ["HTTPS_PROXY": "http://us%40er:pa%3Ass@127.0.0.1:\($0)"] },
            account: (Int) -> String = { _ in "" },
            _ body: (LiveGateway, ScriptedUpstream, ScriptedProxy) async throws -> Void
        ) async throws {
            let certificates = try TestCertificates()
            defer { certificates.remove() }
            let identity = secure ? try certificates.identity(names) : nil
            let upstream = try await ScriptedUpstream.start(identity: identity)
            let proxy = try await ScriptedProxy.start(to: upstream.port, answer: answer)
            let toml = """
                [reliability]
                retry = { base_delay_s = 0.001 }
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "\(secure ? "https" : "http")://\(host):\(upstream.port)/v1"
                tls = { ca_file = "\(certificates.root)" }
                \(account(proxy.port))
                """
            let outcome: Result<Void, any Error>
            do {
                let environment = variables(proxy.port)
                outcome = .success(
                    try await LiveGateway.run(toml, environment: environment) { try await body($0, upstream, proxy) }
                )
            } catch { outcome = .failure(error) }
            await proxy.stop()
            await upstream.stop()
            try outcome.get()
        }

        @Test("an HTTPS upstream is reached through a tunnel, with the proxy's credentials and none of its own outside")
        func tunnel() async throws {
            try await run { gateway, upstream, proxy in
                for stream in [false, true] {
                    let answer = try await gateway.chat("up::ok", stream: stream)
                    #expect(answer.status == 200 && answer["x-gateway-attempts"] == "1")
                }
                // `us@er:pa:ss`
                let expected =
                    "CONNECT models.test:\(upstream.port) HTTP/1.1\r\nhost: models.test:\(upstream.port)\r\n"
                    + "proxy-authorization: Basic dXNAZXI6cGE6c3M=\r\n\r\n"
                // Each loop has connections of its own.
                #expect((1...2).contains(proxy.heads.count) && proxy.heads.allSatisfy { $0 == expected })
                #expect(upstream.journal.requests.allSatisfy { $0.values(of: "proxy-authorization").isEmpty })
            }
        }

        @Test("the name check is the upstream's, tunnel or not")
        func wrongName() async throws {
            try await run(names: "DNS:other.test") { gateway, upstream, proxy in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 502 && upstream.journal.requests.isEmpty && proxy.heads.count == 2)
            }
        }

        @Test(
            "a proxy that gives no tunnel is a failed attempt",
            arguments: [
                "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 503 No\r\n\r\n", "nonsense\r\n\r\n",
            ]
        )
        func refused(answer: String) async throws {
            try await run(answer: answer) { gateway, upstream, _ in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 502 && upstream.journal.requests.isEmpty)
                #expect(!answer.text.contains("dXNAZXI6cGE6c3M="))
            }
        }

        @Test("an upstream in clear is asked for by its whole URL")
        func absoluteForm() async throws {
            try await run(
                secure: false,
                variables: { ["http_proxy": "http://127.0.0.1:\($0)", "HTTPS_PROXY": "http://127.0.0.1:1"] }
            ) { gateway, upstream, proxy in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200)
                let line = "POST http://models.test:\(upstream.port)/v1/chat/completions HTTP/1.1\r\n"
                #expect(proxy.heads.first?.hasPrefix(line) == true)
            }
        }

        @Test("an account's own proxy comes before the environment's")
        func own() async throws {
            try await run(
                variables: { _ in ["HTTPS_PROXY": "http://127.0.0.1:1"] },
                account: { #"proxy = "127.0.0.1:\#($0)""# }
            ) { gateway, _, proxy in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200)
                #expect(proxy.heads.count == 1)
            }
        }

        @Test("a loopback upstream is never asked for through a proxy", arguments: ["127.0.0.1", "localhost"])
        func loopback(host: String) async throws {
            try await run(
                secure: false,
                host: host,
                variables: { ["HTTP_PROXY": "http://127.0.0.1:\($0)"] },
                account: { #"proxy = "http://127.0.0.1:\#($0)""# }
            ) { gateway, _, proxy in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200)
                #expect(proxy.heads.isEmpty)
            }
        }

        @Test("a request that may not leave the device goes through no proxy")
        func localOnly() async throws {
            try await run { gateway, upstream, proxy in
                let answer = try await gateway.chat("up::ok", fields: ["x-gateway-privacy: local_only"])
                #expect(answer.status >= 400 && upstream.journal.requests.isEmpty && proxy.heads.isEmpty)
            }
        }

        @Test("not even a connection that waits behind a proxy carries what may not leave the device")
        func localOnlyReuse() async throws {
            try await run { gateway, upstream, proxy in
                let plain = try #require(gateway.state.reloader.snapshot.accounts[AccountName("up")]?.makeTarget("ok"))
                // No configuration makes such a target: that is what the guards behind the plan are for.
                let target = Target(
                    id: plain.id,
                    account: plain.account,
                    kind: plain.kind,
                    dialect: plain.dialect,
                    upstreamModel: plain.upstreamModel,
                    endpoint: plain.endpoint,
                    source: plain.source,
                    isLocal: true,
                    headers: plain.headers,
                    tls: plain.tls,
                    proxy: plain.proxy
                )
                try await gateway.use(models: [ModelEntry(name: ModelName("odd"), targets: [target])])
                let client = try await gateway.connect()
                let body = ChatFixtures.request(model: "odd")
                try await client.send(LiveRequest.chat(body))
                #expect(try await client.response().status == 200)
                try await client.send(LiveRequest.chat(body, fields: ["x-gateway-privacy: local_only"]))
                let answer = try await client.response()
                #expect(answer.status == 503 && answer.errorCode == "local_unavailable")
                // The connection is still there for others.
                try await client.send(LiveRequest.chat(body))
                #expect(try await client.response().status == 200)
                await client.close()
                #expect(upstream.journal.requests.count == 2 && proxy.heads.count == 1)
            }
        }

        @Test(
            "an upstream that wants a client certificate gets the account's, and refuses others",
            arguments: [true, false]
        )
        func clientCertificate(shown: Bool) async throws {
            let certificates = try TestCertificates()
            defer { certificates.remove() }
            var identity = try certificates.identity("IP:127.0.0.1")
            identity.clientRootsFile = certificates.root
            let upstream = try await ScriptedUpstream.start(identity: identity)
            let client = #", cert = "\#(identity.certificateFile)", key = "\#(identity.keyFile)""#
            let toml = """
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "https://127.0.0.1:\(upstream.port)/v1"
                tls = { ca_file = "\(certificates.root)"\(shown ? client : "") }
                """
            try await LiveGateway.run(toml) { gateway in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == (shown ? 200 : 502))
                #expect(upstream.journal.requests.isEmpty == !shown)
            }
            await upstream.stop()
        }
    }
}

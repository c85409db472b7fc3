import Foundation
import MartletConfig
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// Upstreams behind HTTPS, with a certificate authority made for the test.
    @Suite("HTTPS upstreams")
    struct HTTPS {
        /// Runs a gateway whose account `up` is an HTTPS server with a certificate for the given names.
        private func run<Result>(
            names: String = "DNS:localhost,IP:127.0.0.1",
            host: String = "127.0.0.1",
            tls: (TestCertificates) -> String = { #"tls = { ca_file = "\#($0.root)" }"# },
            _ body: (LiveGateway, ScriptedUpstream) async throws -> Result
        ) async throws -> Result {
            let certificates = try TestCertificates()
            defer { certificates.remove() }
            let upstream = try await ScriptedUpstream.start(identity: try certificates.identity(names))
            let toml = """
                [reliability]
                retry = { base_delay_s = 0.001 }
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "https://\(host):\(upstream.port)/v1"
                \(tls(certificates))
                """
            let outcome: Swift.Result<Result, any Error>
            do {
                outcome = .success(try await LiveGateway.run(toml) { try await body($0, upstream) })
            } catch { outcome = .failure(error) }
            await upstream.stop()
            return try outcome.get()
        }

        @Test(
            "are trusted by their own root, by address and by name, and their connections kept",
            arguments: ["127.0.0.1", "localhost"]
        )
        func trusted(host: String) async throws {
            try await run(host: host) { gateway, upstream in
                for stream in [false, true, false] {
                    let answer = try await gateway.chat("up::ok", stream: stream)
                    #expect(answer.status == 200 && answer["x-gateway-attempts"] == "1")
                    if !stream { #expect(answer.body == ChatFixtures.answer) }
                }
                #expect(upstream.journal.requests.count == 3 && upstream.journal.connections.count <= 2)
                #expect(upstream.journal.requests.first?.values(of: "host") == ["\(host):\(upstream.port)"])
            }
        }

        @Test(
            "are not spoken to when the certificate is for another name",
            arguments: [
                ("DNS:other.example", "localhost"), ("DNS:localhost", "127.0.0.1"), ("IP:127.0.0.2", "127.0.0.1"),
            ]
        )
        func wrongName(names: String, host: String) async throws {
            try await run(names: names, host: host) { gateway, upstream in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 502 && answer.errorCode == "provider_error")
                #expect(answer["x-gateway-attempts"] == "2")
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test("are not spoken to when the system does not know their root")
        func unknownRoot() async throws {
            try await run(tls: { _ in "" }) { gateway, upstream in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 502 && upstream.journal.requests.isEmpty)
            }
        }

        @Test("go unchecked only where the configuration says so")
        func insecure() async throws {
            try await run(names: "DNS:other.example", tls: { _ in "tls = { insecure = true }" }) { gateway, _ in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200)
            }
        }

        @Test("are trusted by what their file of roots holds since the last reload")
        func rootsAgain() async throws {
            let others = try TestCertificates()
            defer { others.remove() }
            let file = others.directory.appending(path: "trusted.pem")
            try Data(contentsOf: URL(filePath: others.root)).write(to: file)
            var right = ""
            try await run(tls: { certificates in
                right = certificates.root
                return #"tls = { ca_file = "\#(file.path)" }"#
            }) { gateway, _ in
                #expect(try await gateway.chat("up::ok").status == 502)
                try Data(contentsOf: URL(filePath: right)).write(to: file)
                #expect(gateway.state.reloader.reload().isAccepted)
                #expect(try await gateway.chat("up::ok").status == 200)
            }
        }

        @Test("whose files cannot be used refuse a reload and a start")
        func unreadable() async throws {
            let others = try TestCertificates()
            defer { others.remove() }
            let file = others.directory.appending(path: "trusted.pem")
            try Data(contentsOf: URL(filePath: others.root)).write(to: file)
            let tls: (TestCertificates) -> String = { _ in #"tls = { ca_file = "\#(file.path)" }"# }
            try await run(tls: tls) { gateway, _ in
                let before = gateway.state.reloader.snapshot
                try Data("no certificate".utf8).write(to: file)
                let outcome = gateway.state.reloader.reload()
                #expect(!outcome.isAccepted && gateway.state.reloader.snapshot === before)
                let message = try #require(outcome.findings.last?.message)
                #expect(message.hasPrefix("gateway.providers.up.tls: \(file.path) cannot be used"))
            }
            await #expect(throws: TLSFiles.Failure.self) { try await run(tls: tls) { _, _ in } }
        }

        @Test("that end within an answer are a failed attempt", arguments: ["cut", "reset-midway"])
        func truncated(model: String) async throws {
            try await run { gateway, _ in
                let answer = try await gateway.chat("up::\(model)")
                #expect(answer.status == 502 && answer["x-gateway-attempts"] == "2")
            }
        }

        @Test("see the client's leaving")
        func clientGone() async throws {
            try await run { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::endless", stream: true)))
                try await client.received(1_000)
                try await client.reset()
                #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
            }
        }

        @Test("that never finish the handshake are a connect timeout")
        func silentHandshake() async throws {
            // A server that speaks no TLS and waits for a request that never comes.
            let upstream = try await ScriptedUpstream.start()
            let toml = """
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "https://127.0.0.1:\(upstream.port)/v1"
                connect_timeout_s = 0.2
                """
            try await LiveGateway.run(toml) { gateway in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 504 && answer.errorCode == "provider_timeout")
                #expect(answer["x-gateway-attempts"] == "2")
                #expect(await upstream.wait { $0.connections.count == 2 && $0.connections.allSatisfy(\.isClosed) })
            }
            await upstream.stop()
        }
    }
}

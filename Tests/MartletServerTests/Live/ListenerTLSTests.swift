import Foundation
import MartletRouting
import MartletTesting
import Synchronization
import Testing

@testable import MartletServer

extension Live {
    /// The gateway's own listener behind TLS, with `curl` as its client.
    @Suite("Listener TLS")
    struct ListenerTLSSuite {
        @Test(
            "chat and stream come through as by HTTP in clear, by HTTP/1.1 and HTTP/2",
            arguments: [("--http1.1", "1.1"), ("--http2", "2")]
        )
        func curl(option: String, version: String) async throws {
            try await LiveGateway.runTLS { gateway, upstream, certificates in
                let chat = try await Curl.chat(gateway, certificates, "ok", [option])
                #expect(chat.status == 0 && chat.facts == "\(version) 200 application/json")
                #expect(chat.output.starts(with: ChatFixtures.answer))
                let stream = try await Curl.chat(gateway, certificates, "ok", stream: true, [option])
                #expect(stream.status == 0 && stream.facts.hasPrefix("\(version) 200 text/event-stream"))
                #expect(stream.text.contains("data: [DONE]"))
                #expect(stream.text.contains(ChatFixtures.roleEvent))
                let refused = try await Curl.chat(gateway, certificates, "status-400", [option])
                #expect(refused.facts == "\(version) 400 application/json")
                #expect(upstream.journal.requests.count == 3)
            }
        }

        @Test("ALPN gives HTTP/2 to who offers it, and HTTP/1.1 to who does not")
        func negotiation() async throws {
            try await LiveGateway.runTLS { gateway, _, certificates in
                let answer1 = try await Curl.chat(gateway, certificates, "ok")
                #expect(answer1.facts.hasPrefix("2 200"))
                let answer2 = try await Curl.chat(gateway, certificates, "ok", ["--no-alpn"])
                #expect(answer2.facts.hasPrefix("1.1 200"))
            }
        }

        @Test("TLS below 1.2 is refused, 1.2 and 1.3 are spoken")
        func versions() async throws {
            try await LiveGateway.runTLS { gateway, _, certificates in
                let old = ["--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT@SECLEVEL=0"]
                let run1 = try await Curl.chat(gateway, certificates, "ok", old)
                #expect(run1.status == 35)
                let run2 = try await Curl.chat(gateway, certificates, "ok", ["--tls-max", "1.2"])
                #expect(run2.status == 0)
                let run3 = try await Curl.chat(gateway, certificates, "ok", ["--tlsv1.3"])
                #expect(run3.status == 0)
            }
        }

        @Test("a client that leaves ends the upstream call", arguments: ["--http1.1", "--http2"])
        func cancel(option: String) async throws {
            try await LiveGateway.runTLS { gateway, upstream, certificates in
                // curl gives up after a second, in the middle of a stream without an end.
                let left = try await Curl.chat(
                    gateway,
                    certificates,
                    "endless",
                    stream: true,
                    [option, "--max-time", "1"]
                )
                #expect(left.status == 28 && left.text.contains(ChatFixtures.roleEvent))
                #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
            }
        }

        @Test("the control plane answers over HTTP/2")
        func admin() async throws {
            try await LiveGateway.runTLS { gateway, _, certificates in
                let page = try await Curl.run([
                    "--http2", "--cacert", certificates.root, "--write-out", "\n%{http_version} %{http_code}",
                    "--header", "authorization: Bearer \(LiveGateway.adminKey)",
                    "https://localhost:\(gateway.port)/admin/keys",
                ])
                #expect(page.status == 0 && page.facts == "2 200")
            }
        }

        @Test("where clients need a certificate, only who shows one of the configured root is served")
        func clientCertificates() async throws {
            try await LiveGateway.runTLS(clientRoots: true) { gateway, _, certificates in
                let without = try await Curl.chat(gateway, certificates, "ok")
                #expect(without.status != 0 && !without.text.contains("chatcmpl"))
                let own = try certificates.identity("DNS:client")
                let shown = ["--cert", own.certificateFile, "--key", own.keyFile]
                let answer3 = try await Curl.chat(gateway, certificates, "ok", shown)
                #expect(answer3.facts.hasPrefix("2 200"))
                let others = try TestCertificates()
                defer { others.remove() }
                let stranger = try others.identity("DNS:client")
                let wrong = ["--cert", stranger.certificateFile, "--key", stranger.keyFile]
                let run4 = try await Curl.chat(gateway, certificates, "ok", wrong)
                #expect(run4.status != 0)
            }
        }

        @Test("files are read again on demand, and kept as they were when they cannot be used")
        func reload() async throws {
            try await LiveGateway.runTLS { gateway, _, certificates in
                let files = try #require(gateway.state.tlsFiles)
                let key = certificates.directory.appending(path: "server.key")
                let good = try Data(contentsOf: key)
                try Data("no key".utf8).write(to: key)
                #expect(throws: TLSFiles.Failure.self) { _ = try files.prepare() }
                let run5 = try await Curl.chat(gateway, certificates, "ok")
                #expect(run5.status == 0)
                // A key that belongs to another certificate.
                try FileManager.default.copyItem(
                    at: certificates.directory.appending(path: "root.key"),
                    to: certificates.directory.appending(path: "other.key")
                )
                let certificate = certificates.directory.appending(path: "server.pem").path
                let other = certificates.directory.appending(path: "other.key").path
                #expect(throws: TLSFiles.Failure.self) {
                    _ = try files.prepare(ListenerTLS(certificateFile: certificate, keyFile: other))
                }
                let run6 = try await Curl.chat(gateway, certificates, "ok")
                #expect(run6.status == 0)
                try good.write(to: key)
                // Another certificate under the same names is served from now on.
                _ = try certificates.identity("DNS:renewed.example")
                try files.prepare()()
                let renewed = try await Curl.chat(gateway, certificates, "ok", ["--verbose", "--insecure"])
                #expect(renewed.status == 0)
                let run7 = try await Curl.chat(gateway, certificates, "ok")
                #expect(run7.status == 60)
            }
        }

        @Test("a reload whose certificate cannot be used is refused as a whole, and the old one is served")
        func refusedReload() async throws {
            let certificates = try TestCertificates()
            defer { certificates.remove() }
            let identity = try certificates.identity("DNS:localhost")
            let file = TextFile(
                """
                [server]
                max_body_mb = 3
                tls = { cert = "\(identity.certificateFile)", key = "\(identity.keyFile)" }
                """
            )
            try await LiveGateway.run(reading: { file.text }) { gateway in
                let key = URL(filePath: identity.keyFile)
                let good = try Data(contentsOf: key)
                try Data("no key".utf8).write(to: key)
                file.text = file.text.replacing("max_body_mb = 3", with: "max_body_mb = 5")
                let reload = LiveRequest.head(
                    "POST /admin/reload",
                    key: LiveGateway.adminKey,
                    fields: ["content-length: 0"]
                )
                func ask() async throws -> RawResponse {
                    let client = try await RawClient.connect(port: gateway.port, roots: certificates.root)
                    try await client.send(reload)
                    let answer = try await client.response()
                    await client.close()
                    return answer
                }
                let refused = try await ask()
                #expect(refused.status == 400 && refused.errorCode == "configuration_invalid")
                #expect(refused.text.contains("server.tls.key") && refused.text.contains("martlet.toml:3"))
                #expect(gateway.state.reloader.snapshot.limits.maxBodyBytes == 3 << 20)
                try good.write(to: key)
                #expect(try await ask().status == 200)
                #expect(gateway.state.reloader.snapshot.limits.maxBodyBytes == 5 << 20)
            }
        }

        private final class TextFile: Sendable {
            private let content: Mutex<String>
            init(_ text: String) { content = Mutex(text) }
            var text: String {
                get { content.withLock { $0 } }
                set { content.withLock { $0 = newValue } }
            }
        }

        @Test("connections that never finish the handshake are closed and do not count for ever")
        func silentHandshake() async throws {
            try await LiveGateway.runTLS { gateway, _, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                #expect(await client.isClosed())
                let silent = try await gateway.connect()
                await silent.close()
                while gateway.state.shared.connectionCount.load(ordering: .relaxed) > 0 { await Task.yield() }
            }
        }
    }
}

import Foundation
import MartletTesting
import NIOCore
import Testing

@testable import MartletServer

extension Live {
    @Suite("What operators read")
    struct Operators {
        @Test("the access log tells the pages apart and names the key of admin requests")
        func accessLog() async throws {
            let file = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString).log")
            defer { try? FileManager.default.removeItem(at: file) }
            try await LiveGateway.run("[observability]\naccess_log = \"\(file.path)\"\n") { gateway in
                for path in ["/live", "/ready", "/health", "/metrics"] {
                    #expect(try await gateway.exchange(LiveRequest.head("GET \(path)")).status == 200)
                }
                let usage = LiveRequest.head("GET /admin/usage", key: LiveGateway.adminKey)
                #expect(try await gateway.exchange(usage).status == 200)
                gateway.state.shared.accessLog.waitUntilIdle()
                let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
                let found = lines.map { line in
                    line.split(separator: " ").filter { $0.hasPrefix("endpoint=") || $0.hasPrefix("key=") }
                        .joined(separator: " ")
                }
                #expect(
                    found == [
                        "endpoint=live key=-", "endpoint=ready key=-", "endpoint=health key=-",
                        "endpoint=metrics key=static", "endpoint=admin key=admin",
                    ]
                )
            }
        }

        @Test("lists of models tell prices, and the registry's page also what cannot be asked")
        func models() async throws {
            let toml = "[gateway.providers.openai]\napi_key_location = \"none\"\n"
            try await LiveGateway.run(toml) { gateway in
                let listed = try await gateway.exchange(LiveRequest.head("GET /v1/models", key: LiveGateway.key)).json
                let models = try #require(listed["data"] as? [[String: Any]])
                let mini = try #require(models.first { $0["id"] as? String == "gpt-4o-mini" })
                #expect(mini["context_window"] as? Int == 128_000)
                #expect((mini["pricing"] as? [String: String])?["input_usd_per_mtok"] == "0.15")
                #expect(mini["capabilities"] as? [String] == ["stream", "tools", "vision", "json_schema"])
                #expect(!models.contains { $0["id"] as? String == "gpt-4" })
                let page = LiveRequest.head("GET /admin/models", key: LiveGateway.adminKey)
                let all = try #require(try await gateway.exchange(page).json["data"] as? [[String: Any]])
                #expect(all.count == 230)
                func state(_ id: String, _ provider: String) -> String? {
                    all.first { $0["id"] as? String == id && $0["provider"] as? String == provider }?["state"]
                        as? String
                }
                #expect(state("gpt-4o-mini", "openai") == "on" && state("gpt-4o-mini", "openrouter") == "off")
                #expect(state("gpt-4", "openai") == "retired")
                let status = try await gateway.exchange(LiveRequest.head("GET /admin/models", key: LiveGateway.key))
                    .status
                #expect(status == 403)
            }
        }

        @Test("an address that is taken is said so in plain words")
        func addressInUse() async throws {
            try await LiveGateway.run("") { gateway in
                var text = ""
                do {
                    _ = try await Listener.bind(
                        host: "127.0.0.1",
                        port: gateway.port,
                        tls: nil,
                        group: gateway.state.group,
                        loops: gateway.state.loops
                    )
                } catch { text = ListenFailure(host: "127.0.0.1", port: gateway.port, error).description }
                #expect(text.hasPrefix("cannot listen on 127.0.0.1:\(gateway.port): another program listens there"))
                let other = IOError(errnoCode: EADDRNOTAVAIL, reason: "bind")
                #expect(ListenFailure(host: "192.0.2.1", port: 1, other).reason == "this machine has no such address")
            }
        }
    }
}

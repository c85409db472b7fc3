import Foundation
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// Responses that the gateway keeps.
    @Suite("Responses")
    struct Responses {
        private func ask(_ gateway: LiveGateway, _ members: String, stream: Bool = false) async throws -> RawResponse {
            let body = Array(#"{"model":"mock","stream":\#(stream),\#(members)}"#.utf8)
            return try await gateway.exchange(LiveRequest.chat(body, path: "/v1/responses"))
        }

        private func get(
            _ gateway: LiveGateway,
            _ path: String,
            _ method: String = "GET",
            key: String = LiveGateway.key
        ) async throws -> RawResponse {
            try await gateway.exchange(LiveRequest.head("\(method) \(path)", key: key))
        }

        private func id(of answer: RawResponse) throws -> String { try #require(answer.json["id"] as? String) }

        @Test("can be gone on from at once, read at every mount and deleted, by their own key only")
        func kept() async throws {
            try await LiveGateway.run(toml: "[models.mock]\n") { gateway, _ in
                let first = try id(of: await ask(gateway, #""input":"one""#))
                let second = try await ask(gateway, #""input":"two","previous_response_id":"\#(first)""#)
                #expect(second.status == 200)
                #expect(second.json["previous_response_id"] as? String == first)
                let last = try id(of: second)
                for mount in ["/v1", "/ai/v1", "/openai/v1"] {
                    let read = try await get(gateway, "\(mount)/responses/\(last)")
                    #expect(read.status == 200 && read.body == second.body)
                }
                let items = try await get(gateway, "/v1/responses/\(last)/input_items?order=asc&limit=2&x=1")
                let data = try #require(items.json["data"] as? [[String: Any]])
                #expect(data.map { $0["role"] as? String } == ["user", "assistant"])
                #expect(items.json["has_more"] as? Bool == true)
                let after = try #require(items.json["last_id"] as? String)
                let rest = try await get(gateway, "/v1/responses/\(last)/input_items?order=asc&after=\(after)")
                #expect((rest.json["data"] as? [[String: Any]])?.count == 1)
                #expect(try await get(gateway, "/v1/responses/\(last)/input_items?limit=0").status == 400)
                #expect(try await get(gateway, "/v1/responses/\(last)", key: LiveGateway.adminKey).status == 404)
                #expect(try await get(gateway, "/v1/responses/\(last)", key: "none").status == 401)
                #expect(try await get(gateway, "/v1/responses/\(last)/cancel", "POST").status == 400)
                #expect(try await get(gateway, "/v1/responses/resp_0/cancel", "POST").status == 404)
                let deleted = try await get(gateway, "/v1/responses/\(last)", "DELETE")
                #expect(deleted.status == 200 && deleted.json["deleted"] as? Bool == true)
                for method in ["GET", "DELETE"] {
                    #expect(try await get(gateway, "/v1/responses/\(last)", method).status == 404)
                }
                let gone = try await ask(gateway, #""input":"three","previous_response_id":"\#(last)""#)
                #expect(gone.status == 400 && gone.errorCode == "previous_response_not_found")
            }
        }

        @Test("that were streamed are there when the last event is, and those that shall be forgotten never")
        func streamed() async throws {
            try await LiveGateway.run(toml: "[models.mock]\n") { gateway, _ in
                let stream = try await ask(gateway, #""input":"one""#, stream: true)
                let text = String(decoding: stream.body, as: UTF8.self)
                let found = try #require(text.firstMatch(of: /"id":"(resp_[0-9a-f]+)"/))
                #expect(try await get(gateway, "/v1/responses/\(found.1)").json["status"] as? String == "completed")
                let forgotten = try await ask(gateway, #""input":"one","store":false"#)
                #expect(forgotten.status == 200)
                let gone = try id(of: forgotten)
                #expect(try await get(gateway, "/v1/responses/\(gone)").status == 404)
            }
        }

        @Test("outlive the process")
        func lifetime() async throws {
            let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-kept-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: directory) }
            let toml = "[storage]\nretention_days = 1\n[models.mock]\n"
            let made = try await LiveGateway.run(toml, dataDirectory: directory.path) { gateway in
                try id(of: await ask(gateway, #""input":"one""#))
            }
            try await LiveGateway.run(toml, dataDirectory: directory.path) { gateway in
                let again = try await get(gateway, "/v1/responses/\(made)")
                #expect(again.status == 200)
                let keeper = gateway.state.shared.responses
                #expect(keeper.expire() > .seconds(60), "nothing more to do for long")
                let still = try await get(gateway, "/v1/responses/\(made)")
                #expect(still.status == 200 && still.body == again.body)
            }
        }
    }
}

import MartletTesting
import Testing

extension Live {
    /// Aliases over two accounts, through the real server.
    @Suite("Aliases")
    struct Aliases {
        /// Runs a gateway with the models `cheap` at the account one and `dear` at the account two.
        private func run<Result>(
            cheap: String = "ok",
            _ toml: String,
            _ body: (LiveGateway, ScriptedUpstream, ScriptedUpstream) async throws -> Result
        ) async throws -> Result {
            let upstreams = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
            let text = """
                [reliability]
                retry = { base_delay_s = 0.001 }
                [gateway.providers.one]
                type = "openai_compatible"
                base_url = "\(upstreams.0.baseURL)"
                [gateway.providers.two]
                type = "openai_compatible"
                base_url = "\(upstreams.1.baseURL)"
                [models.dear]
                input_price_per_mtok = 3
                output_price_per_mtok = 15
                providers.two.model_name = "ok"
                [models.cheap]
                input_price_per_mtok = 0.1
                output_price_per_mtok = 0.4
                providers.one.model_name = "\(cheap)"
                \(toml)
                """
            let outcome: Swift.Result<Result, any Error>
            do {
                outcome = .success(try await LiveGateway.run(text) { try await body($0, upstreams.0, upstreams.1) })
            } catch { outcome = .failure(error) }
            await upstreams.0.stop()
            await upstreams.1.stop()
            return try outcome.get()
        }

        private func admin(_ gateway: LiveGateway, _ path: String) async throws -> RawResponse {
            try await gateway.exchange(LiveRequest.head("GET \(path)", key: LiveGateway.adminKey))
        }

        @Test("each strategy asks whom it says, and goes on to the others")
        func strategies() async throws {
            let toml = """
                [aliases.low]
                strategy = "cheapest"
                targets = ["dear", "cheap"]
                [aliases.turns]
                strategy = "round_robin"
                targets = [{ model = "dear", weight = 2 }, "cheap"]
                [aliases.order]
                targets = ["dear", "cheap"]
                [aliases.drawn]
                strategy = "random"
                targets = ["dear", "cheap"]
                """
            try await run(toml) { gateway, one, two in
                func providers(_ model: String, _ count: Int) async throws -> [String] {
                    var out: [String] = []
                    for _ in 0..<count {
                        let answer = try await gateway.chat(model)
                        #expect(answer.status == 200 && answer["x-gateway-attempts"] == "1")
                        out.append(answer["x-provider"] ?? "")
                    }
                    return out
                }
                #expect(try await providers("low", 2) == ["one", "one"])
                #expect(try await providers("order", 2) == ["two", "two"])
                #expect(try await providers("turns", 6) == ["two", "one", "two", "two", "one", "two"])
                // Forty draws of one side alone have a chance of one in 5 × 10¹¹.
                #expect(Set(try await providers("drawn", 40)) == ["one", "two"])
                let metrics = try await admin(gateway, "/metrics").text
                for reason in ["cheapest", "first", "round_robin", "random"] {
                    #expect(metrics.contains("gateway_route_total{route=\"local\",reason=\"\(reason)\"}"))
                }
            }
        }

        @Test("a target that fails is followed by the alias's next one, and stands behind while it asked to wait")
        func failover() async throws {
            let toml = "[aliases.low]\nstrategy = \"cheapest\"\ntargets = [\"dear\", \"cheap\"]\n"
            try await run(cheap: "rate-limit-seconds:30", toml) { gateway, one, two in
                for attempts in ["2", "1"] {
                    let answer = try await gateway.chat("low")
                    #expect(answer.status == 200 && answer["x-provider"] == "two")
                    #expect(answer["x-gateway-attempts"] == attempts)
                }
                let plan = try await admin(gateway, "/admin/aliases/resolve?model=low").text
                #expect(plan.contains("\"reason\":\"cheapest\""))
                #expect(plan.contains("\"model_name\":\"rate-limit-seconds:30\"") && plan.contains("cooling_down"))
                let (good, bad) = (plan.firstRange(of: "\"two\""), plan.firstRange(of: "\"one\""))
                #expect(good.map { good in bad.map { good.lowerBound < $0.lowerBound } ?? false } == true)
                #expect(one.journal.requests.count == 1 && two.journal.requests.count == 2)
            }
        }

        @Test("a conversation of a sticky alias stays with one account")
        func sticky() async throws {
            let toml = "[aliases.kept]\nstrategy = \"random\"\nsticky = true\ntargets = [\"dear\", \"cheap\"]\n"
            try await run(toml) { gateway, one, two in
                for _ in 0..<8 {
                    let answer = try await gateway.chat("kept")
                    #expect(answer.status == 200)
                }
                let counts = [one.journal.requests.count, two.journal.requests.count]
                #expect(counts.sorted() == [0, 8])
            }
        }

        @Test("asking what a name means takes nobody's turn and asks no provider; unknown names are not found")
        func resolve() async throws {
            let toml = "[aliases.turns]\nstrategy = \"round_robin\"\ntargets = [\"dear\", \"cheap\"]\n"
            try await run(toml) { gateway, one, two in
                for _ in 0..<3 {
                    let plan = try await admin(gateway, "/admin/aliases/resolve?model=turns")
                    #expect(plan.status == 200 && plan.text.contains("\"targets\":[{\"provider\":\"two\""))
                }
                #expect(one.journal.requests.isEmpty && two.journal.requests.isEmpty)
                #expect(try await gateway.chat("turns")["x-provider"] == "two")
                let next = try await admin(gateway, "/admin/aliases/resolve?model=turns")
                #expect(next.text.contains("\"targets\":[{\"provider\":\"one\""))
                #expect(try await admin(gateway, "/admin/aliases/resolve?model=gone").status == 404)
                #expect(try await admin(gateway, "/admin/aliases/resolve").status == 400)
                #expect(try await admin(gateway, "/admin/aliases/resolve?model=turns&route=up").status == 400)
                let list = try await admin(gateway, "/admin/aliases").text
                #expect(list.contains("{\"id\":\"turns\",\"alias\":{\"strategy\":\"round_robin\""))
                let refused = try await gateway.exchange(LiveRequest.head("GET /admin/aliases"))
                #expect(refused.status == 403)
            }
        }

        @Test("the list of models has aliases, each with what it stands for")
        func listed() async throws {
            let toml = "[aliases.\"a/b\"]\ntargets = [{ model = \"dear\", weight = 2 }, \"gpt-4o\"]\n"
            try await run(toml) { gateway, _, _ in
                let list = try await gateway.exchange(LiveRequest.head("GET /v1/models/a/b"))
                #expect(list.status == 200)
                #expect(
                    list.text.contains(
                        #""alias":{"strategy":"first","sticky":false,"configured":true,"targets":"#
                            + #"[{"model":"dear","weight":2},{"model":"gpt-4o","state":"off"}]}"#
                    )
                )
            }
        }

        @Test("a turn is kept over a reload")
        func reload() async throws {
            let toml = "[aliases.turns]\nstrategy = \"round_robin\"\ntargets = [\"dear\", \"cheap\"]\n"
            try await run(toml) { gateway, _, _ in
                #expect(try await gateway.chat("turns")["x-provider"] == "two")
                let answer = try await gateway.exchange(
                    LiveRequest.head("POST /admin/reload", key: LiveGateway.adminKey, fields: ["content-length: 0"])
                )
                #expect(answer.status == 200)
                #expect(try await gateway.chat("turns")["x-provider"] == "one")
            }
        }
    }
}

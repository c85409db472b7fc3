import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@Suite("Order of an alias") struct AliasOrderTests {
    private static let three = ["x", "y", "z"].map { AliasWorld.member(AliasWorld.target($0)) }
    private static let cooling = TargetStanding(obstacle: .coolingDown)

    @Test("first keeps the order of the list, and puts what should not be asked behind the rest")
    func first() throws {
        var world = AliasWorld()
        let alias = AliasWorld.alias(.first, Self.three)
        #expect(try world.order(alias) == ["x", "y", "z"])
        world.standings["x"] = Self.cooling
        #expect(try world.order(alias) == ["y", "z", "x"])
        world.standings["z"] = TargetStanding(obstacle: .circuitOpen)
        #expect(try world.order(alias) == ["y", "x", "z"])
        world.standings["x"] = TargetStanding(obstacle: .circuitOpen)
        world.standings["z"] = Self.cooling
        #expect(try world.order(alias) == ["y", "z", "x"], "who asked to wait stands before who has failed")
        world.standings["x"] = Self.cooling
        world.standings["y"] = Self.cooling
        #expect(try world.order(alias) == ["x", "y", "z"], "with nobody well they are asked all the same")
    }

    @Test("every strategy plans every target once, whatever their state", arguments: AliasStrategy.allCases)
    func complete(strategy: AliasStrategy) throws {
        let states = TargetStanding.Obstacle.allCases.map { TargetStanding(obstacle: $0) } + [TargetStanding()]
        for seed in 0..<200 {
            var world = AliasWorld(seed: UInt64(seed))
            let names = (0..<(1 + seed % 7)).map { "m\($0)" }
            for name in names { world.standings[name] = states[Int(world.random() % UInt64(states.count))] }
            let members = names.map { AliasWorld.member(AliasWorld.target($0, 1, 1)) }
            let order = try world.order(AliasWorld.alias(strategy, members))
            #expect(order.sorted() == names)
            // Those in whose way nothing stands come before all others.
            let usable = order.map { world.standings[$0]?.obstacle == nil }
            #expect(usable == usable.sorted { $0 && !$1 })
        }
    }

    @Test("random draws by weight, for every place anew")
    func random() throws {
        let weights = [1.0, 2, 5]
        let members = zip(["x", "y", "z"], weights).map { AliasWorld.member(AliasWorld.target($0), weight: $1) }
        let alias = AliasWorld.alias(.random, members)
        var world = AliasWorld(seed: 42)
        var first: [String: Int] = [:]
        var secondAfterZ: [String: Int] = [:]
        for _ in 0..<8_000 {
            let order = try world.order(alias)
            first[order[0], default: 0] += 1
            if order[0] == "z" { secondAfterZ[order[1], default: 0] += 1 }
        }
        // 1/8, 2/8 and 5/8 of 8,000; four standard deviations are about 170.
        #expect(abs((first["x"] ?? 0) - 1_000) < 170)
        #expect(abs((first["y"] ?? 0) - 2_000) < 170)
        #expect(abs((first["z"] ?? 0) - 5_000) < 180)
        // Without z, x and y share as 1 to 2.
        let (x, y) = (Double(secondAfterZ["x"] ?? 0), Double(secondAfterZ["y"] ?? 0))
        #expect(abs(y / (x + y) - 2 / 3) < 0.03)
    }

    @Test("round robin takes turns by weight, evenly spread, and gives the turn of an ill one to all others")
    func roundRobin() throws {
        let members = zip(["x", "y", "z"], [2.0, 1, 1]).map { AliasWorld.member(AliasWorld.target($0), weight: $1) }
        let alias = AliasWorld.alias(.roundRobin, members)
        var world = AliasWorld()
        let turns = try (0..<8).map { _ in try world.order(alias)[0] }
        #expect(turns == ["x", "y", "z", "x", "x", "y", "z", "x"])
        world.standings["x"] = Self.cooling
        world.rotations = [:]
        let others = try (0..<100).map { _ in try world.order(alias) }
        #expect(others.count { $0[0] == "y" } == 50 && others.count { $0[0] == "z" } == 50)
        #expect(others.allSatisfy { $0.last == "x" })
    }

    @Test("aliases in turns that stand for aliases in turns reach every target; who only counts tokens takes no turn")
    func nestedTurns() throws {
        func inner(_ name: String) -> Alias.Member {
            let members = ["1", "2"].map { AliasWorld.member(AliasWorld.target(name + $0)) }
            return Alias.Member(name, alias: AliasWorld.alias(.roundRobin, members, name: name))
        }
        let alias = AliasWorld.alias(.roundRobin, [inner("x"), inner("y")])
        var world = AliasWorld()
        var turns: [String] = []
        for _ in 0..<8 {
            let counted = try world.order(alias) { $0.countsTurns = false }[0]
            turns.append(try world.order(alias)[0])
            #expect(counted == turns.last)
        }
        #expect(turns == ["x1", "y1", "x2", "y2", "x1", "y1", "x2", "y2"])
    }

    @Test("requests that may not ask all members leave the others their turns")
    func mixedTurns() throws {
        let here = AliasWorld.target("here", isLocal: true)
        let members = [AliasWorld.target("x"), AliasWorld.target("y"), here].map { AliasWorld.member($0) }
        let alias = AliasWorld.alias(.roundRobin, members)
        var world = AliasWorld()
        var first: [String: Int] = [:]
        for turn in 0..<60 {
            let order = try world.order(alias) { if turn.isMultiple(of: 2) { $0.route = .cloud } }
            first[order[0], default: 0] += 1
        }
        #expect(first.values.allSatisfy { $0 >= 10 } && first.count == 3, "\(first)")
    }

    @Test("cheapest adds both prices; ties by output, then order; unknown prices last; this device for nothing")
    func cheapest() throws {
        var world = AliasWorld()
        let targets = [
            AliasWorld.target("unknown"), AliasWorld.target("dear", 5, 25), AliasWorld.target("tie-b", 2, 1),
            AliasWorld.target("tie-a", 1.5, 1.5), AliasWorld.target("tie-c", 2, 1), AliasWorld.target("half", 0.5, 2),
        ]
        let alias = AliasWorld.alias(.cheapest, targets.map { AliasWorld.member($0) })
        #expect(try world.order(alias) == ["half", "tie-b", "tie-c", "tie-a", "dear", "unknown"])
        let here = AliasWorld.target("here", isLocal: true)
        let more = AliasWorld.alias(.cheapest, targets.map { AliasWorld.member($0) } + [AliasWorld.member(here)])
        #expect(try world.order(more).first == "here")
        world.standings["here"] = Self.cooling
        #expect(try world.order(more).first == "half")
    }

    @Test("cheapest by the request's own tokens or by a mix may be another one, and minds the prices of long prompts")
    func expectedTokens() throws {
        var world = AliasWorld()
        let longPrompt = PriceTable.LongPrompt(
            aboveTokens: 1_000,
            rates: TokenRates(input: TokenPrice(picoUSD: 9_000_000), output: TokenPrice(picoUSD: 9_000_000))
        )
        let targets = [
            AliasWorld.target("cheap-in", 1, 8, longPrompt: longPrompt), AliasWorld.target("cheap-out", 4, 4),
        ]
        func alias(_ expected: ExpectedTokens) -> Alias {
            AliasWorld.alias(.cheapest, targets.map { AliasWorld.member($0) }, expected: expected)
        }
        #expect(try world.order(alias(.equal)).first == "cheap-out")
        #expect(try world.order(alias(.fixed(input: 900, output: 100))).first == "cheap-in")
        #expect(try world.order(alias(.fixed(input: 2_000, output: 100))).first == "cheap-out")
        let request = alias(.request)
        #expect(try world.order(request) { ($0.inputTokens, $0.outputLimit) = (800, 10) }.first == "cheap-in")
        #expect(try world.order(request) { ($0.inputTokens, $0.outputLimit) = (10, 800) }.first == "cheap-out")
        #expect(try world.order(request) { ($0.inputTokens, $0.outputLimit) = (5_000, 10) }.first == "cheap-out")
    }

    @Test("a model keeps the order of its providers, but where targets are compared each stands for itself")
    func providers() throws {
        var world = AliasWorld()
        let model = Alias.Member("m", targets: [AliasWorld.target("m-dear", 9, 9), AliasWorld.target("m-cheap", 1, 1)])
        let other = AliasWorld.member(AliasWorld.target("middle", 5, 5))
        #expect(try world.order(AliasWorld.alias(.first, [model, other])) == ["m-dear", "m-cheap", "middle"])
        #expect(try world.order(AliasWorld.alias(.cheapest, [model, other])) == ["m-cheap", "middle", "m-dear"])
    }

    @Test("an alias within an alias is ordered by its own strategy and stands as one")
    func nested() throws {
        var world = AliasWorld()
        let inner = AliasWorld.alias(
            .cheapest,
            [AliasWorld.member(AliasWorld.target("dear", 9, 9)), AliasWorld.member(AliasWorld.target("cheap", 1, 1))],
            name: "inner"
        )
        let outer = AliasWorld.alias(
            .first,
            [
                AliasWorld.member(AliasWorld.target("own", 5, 5)), Alias.Member("inner", alias: inner),
                AliasWorld.member(AliasWorld.target("cheap", 1, 1)),
            ]
        )
        #expect(try world.order(outer) == ["own", "cheap", "dear"])
        #expect(outer.allTargets.map(\.upstreamModel) == ["own", "dear", "cheap"])
    }

    @Test("the plan says by which strategy, and the trace with which values")
    func told() throws {
        var world = AliasWorld()
        world.standings["b"] = TargetStanding(obstacle: .circuitOpen, until: world.now + .seconds(4))
        let alias = AliasWorld.alias(
            .cheapest,
            [AliasWorld.member(AliasWorld.target("a", 2, 3)), AliasWorld.member(AliasWorld.target("b", 1, 1))]
        )
        var trace = DecisionTrace()
        let plan = try Planner.plan(
            PlanRequest(model: "a"),
            in: AliasWorld.snapshot([alias]),
            asking: &world,
            trace: &trace
        )
        #expect(plan.reason == .cheapest && plan.label == "a" && plan.isNamed)
        #expect(
            String(decoding: trace.text(aliasName: { _ in "a" }), as: UTF8.self)
                == "ranked place=1 pico_usd=2000000;ranked place=0 pico_usd=5000000;alias name=a strategy=cheapest of=2;"
                + "skipped target=1 obstacle=circuit_open ms=4000;"
        )
    }

    @Test("planning asks only about the alias's own targets, however many models there are")
    func bounded() throws {
        let alias = AliasWorld.alias(.fastest, Self.three)
        var models: [String: [Target]] = [:]
        for index in 0..<2_000 { models["other-\(index)"] = [AliasWorld.target("o\(index)")] }
        var world = AliasWorld()
        var trace = DecisionTrace()
        _ = try Planner.plan(
            PlanRequest(model: "a"),
            in: AliasWorld.snapshot([alias], models: models),
            asking: &world,
            trace: &trace
        )
        #expect(world.asked == 6, "once to rank them, once to look whether one is unwell")
    }
}

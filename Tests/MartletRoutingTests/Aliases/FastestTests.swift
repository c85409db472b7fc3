import MartletCore
import MartletRouting
import Testing

@Suite("Fastest target of an alias") struct FastestTests {
    private static func measured(_ first: Int, _ perToken: Int = 10, inFlight: Int = 0) -> TargetStanding {
        TargetStanding(firstToken: .milliseconds(first), perToken: .milliseconds(perToken), inFlight: inFlight)
    }

    private static func alias(_ names: [String], isSticky: Bool = false) -> Alias {
        AliasWorld.alias(.fastest, names.map { AliasWorld.member(AliasWorld.target($0, 1, 1)) }, isSticky: isSticky)
    }

    /// How often each target comes first.
    private func firsts(_ alias: Alias, _ world: inout AliasWorld, _ count: Int = 4_000) throws -> [String: Int] {
        var out: [String: Int] = [:]
        for _ in 0..<count { out[try world.order(alias)[0], default: 0] += 1 }
        return out
    }

    @Test("before anything is measured there is a fixed order: small models before large ones, the unpriced between")
    func unmeasured() throws {
        var world = AliasWorld()
        let targets = [
            AliasWorld.target("large", 5, 75), AliasWorld.target("here", isLocal: true), AliasWorld.target("unknown"),
            AliasWorld.target("middle", 3, 15), AliasWorld.target("small", 0.1, 0.5),
        ]
        let alias = AliasWorld.alias(.fastest, targets.map { AliasWorld.member($0) })
        for _ in 0..<100 { #expect(try world.order(alias) == ["small", "middle", "unknown", "large", "here"]) }
    }

    @Test("what is measured comes first by time to the first token and time a token, but for one request in twenty")
    func measuredFirst() throws {
        var world = AliasWorld(seed: 7)
        world.standings = ["slow": Self.measured(3_000, 50), "fast": Self.measured(200), "mid": Self.measured(900, 40)]
        let counts = try firsts(Self.alias(["slow", "mid", "fast"]), &world)
        #expect((counts["fast"] ?? 0) > 3_720 && (counts["fast"] ?? 0) < 3_880)
        // The others share what is explored: about 100 each.
        #expect((counts["slow"] ?? 0) > 60 && (counts["mid"] ?? 0) > 60)
    }

    @Test("a short answer is judged by its first token, a long one by its tokens")
    func expectedOutput() throws {
        var world = AliasWorld(seed: 3)
        world.standings = ["quick": Self.measured(100, 40), "steady": Self.measured(2_000, 5)]
        let alias = Self.alias(["quick", "steady"])
        var short = 0
        var long = 0
        for _ in 0..<1_000 {
            if try world.order(alias, { $0.outputLimit = 5 })[0] == "quick" { short += 1 }
            if try world.order(alias)[0] == "steady" { long += 1 }
        }
        #expect(short > 900 && long > 900)
    }

    @Test("among those as good as equal the less busy of two is asked")
    func load() throws {
        var world = AliasWorld(seed: 11)
        let names = ["a", "b", "c", "d"]
        for (index, name) in names.enumerated() { world.standings[name] = Self.measured(500 + index, inFlight: 1) }
        let even = try firsts(Self.alias(names), &world)
        // Nobody has it all, although one is a little faster: 4,000 requests over four.
        #expect(names.allSatisfy { (even[$0] ?? 0) > 30 })
        world.standings["a"] = Self.measured(500, inFlight: 50)
        let busy = try firsts(Self.alias(names), &world)
        #expect((busy["a"] ?? 0) < 120, "only exploring asks the busy one")
    }

    @Test("an ill target is never explored, and a well one that was slow is noticed")
    func ill() throws {
        var world = AliasWorld(seed: 5)
        world.standings = ["fast": Self.measured(200), "other": Self.measured(5_000), "ill": Self.measured(10)]
        world.standings["ill"]?.obstacle = .circuitOpen
        let counts = try firsts(Self.alias(["fast", "other", "ill"]), &world)
        #expect(counts["ill"] == nil && (counts["other"] ?? 0) > 120)
        world.standings["other"] = Self.measured(10, 1)
        #expect((try firsts(Self.alias(["fast", "other", "ill"]), &world)["other"] ?? 0) > 3_700)
    }

    @Test("an engine that works on so many at once counts those that wait in its line")
    func line() {
        let target = AliasWorld.target("here", isLocal: true, maxConcurrency: 2)
        let idle = SpeedEstimate(target, Self.measured(100, 1), outputLimit: 100)
        let busy = SpeedEstimate(target, Self.measured(100, 1, inFlight: 6), outputLimit: 100)
        #expect(idle.time == .milliseconds(200) && busy.time == .milliseconds(800))
        let remote = AliasWorld.target("far", 1, 1)
        #expect(SpeedEstimate(remote, Self.measured(100, 1, inFlight: 6), outputLimit: 100).time == .milliseconds(200))
        #expect(!SpeedEstimate(remote, TargetStanding(), outputLimit: nil).isMeasured)
    }
}

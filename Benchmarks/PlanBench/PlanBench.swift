import MartletCore
import MartletGovernance
import MartletRouting

/// Measures planning by itself; prints one JSON object: microseconds a plan by what is asked for and how many models there
/// are, each with 100 aliases.
@main
struct PlanBench {
    static func main() throws {
        var fields: [String] = []
        for count in [10, 10_000] {
            let snapshot = snapshot(models: count)
            for name in [
                "model", "alias_first", "alias_random", "alias_round_robin", "alias_cheapest", "alias_fastest",
            ] {
                fields.append("\"\(name)_\(count)\":\(try best(name, in: snapshot))")
            }
        }
        print("{" + fields.joined(separator: ",") + "}")
    }

    /// Microseconds a plan, the best of many rounds.
    private static func best(_ name: String, in snapshot: Snapshot) throws -> Double {
        var best = Double.infinity
        var env = Environment()
        let request = PlanRequest(model: name == "model" ? "m7" : name)
        for _ in 0..<40 {
            let began = ContinuousClock.now
            for _ in 0..<2_000 {
                var trace = DecisionTrace()
                let plan = try Planner.plan(request, in: snapshot, asking: &env, trace: &trace)
                precondition(!plan.targets.isEmpty)
            }
            let time = (ContinuousClock.now - began).components
            let microseconds = Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12
            best = min(best, microseconds / 2_000)
        }
        return best
    }

    /// A configuration of so many models and 100 aliases, each over five of them.
    private static func snapshot(models count: Int) -> Snapshot {
        var models: [ModelName: ModelEntry] = [:]
        let targets = (0..<count).map { target($0) }
        for (index, target) in targets.enumerated() {
            let name = ModelName("m\(index)")
            models[name] = ModelEntry(name: name, targets: [target])
        }
        var aliases: [Alias] = []
        for index in 0..<100 {
            let strategy = AliasStrategy.configurable[index % AliasStrategy.configurable.count]
            let alias = Alias(
                name: ModelName(index < 5 ? "alias_\(strategy.name)" : "a\(index)"),
                index: index,
                strategy: strategy,
                members: (0..<5).map { Alias.Member("m\($0)", targets: [targets[(index * 5 + $0) % count]]) }
            )
            aliases.append(alias)
            models[alias.name] = ModelEntry(alias)
        }
        return Snapshot(models: models, listed: [], accounts: [:], defaultModel: nil, aliases: aliases)
    }

    private static func target(_ index: Int) -> Target {
        let account = AccountName("account\(index % 7)")
        return Target(
            id: TargetID(account: account, upstreamModel: "m\(index)", credentialLocation: "env::KEY"),
            account: account,
            kind: ProviderKind("openai_compatible"),
            dialect: .openAIChat,
            upstreamModel: "m\(index)",
            endpoint: Endpoint(tls: true, host: "api.example.com", port: 443, basePath: "/v1"),
            source: .cloud,
            isLocal: false,
            price: PriceTable(
                input: TokenPrice(picoUSD: Int64(index % 11) * 100_000),
                output: TokenPrice(picoUSD: Int64(index % 13) * 400_000)
            )
        )
    }

    /// Everything is well and measured; whoever is slow is so by its name.
    private struct Environment: PlanningEnvironment {
        private var state: UInt64 = 1
        private var rotation = SmoothRotation()
        var now: Instant { Instant(nanoseconds: 0) }

        mutating func random() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return StableHash.mixed(state)
        }

        mutating func standing(of target: Target) -> TargetStanding {
            let size = target.upstreamModel.utf8.count
            return TargetStanding(firstToken: .milliseconds(100 * size), perToken: .milliseconds(size), inFlight: size)
        }

        mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int { rotation.next(weights) }
    }
}

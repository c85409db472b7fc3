import MartletCore
import MartletGovernance

/// Orders the targets of an alias for one request.
///
/// Its time depends on the alias alone, never on how many models there are.
struct AliasRanker {
    let request: PlanRequest
    let filter: TargetFilter
    let routing: RoutingPolicy
    /// Numbers for everything that is left to chance in this plan.
    private var numbers: DrawnNumbers

    init(request: PlanRequest, filter: TargetFilter, routing: RoutingPolicy, random: UInt64) {
        self.request = request
        self.filter = filter
        self.routing = routing
        numbers = DrawnNumbers(random)
    }

    /// What is ordered as one: a target, the targets of a model, or those of another alias.
    private struct Unit {
        var candidates: [Candidate]
        let member: Alias.Member
        /// The member's place in the configuration.
        let place: Int
        /// The same for the same unit in every process.
        let key: UInt64

        var isUsable: Bool { candidates.contains(where: \.isUsable) }
        /// The one that would be asked.
        var best: Candidate { candidates.first(where: \.isUsable) ?? candidates[0] }
    }

    /// All permitted targets of an alias, best first; those that should not be asked now keep their places.
    ///
    /// - Parameter countsTurn: Whether its targets are asked first, so that who has the turn has had it.
    mutating func ranked(
        _ alias: Alias,
        countsTurn: Bool,
        _ env: inout some PlanningEnvironment,
        _ trace: inout DecisionTrace
    ) -> [Candidate] {
        var units = units(of: alias, &env, &trace)
        switch alias.strategy {
        case .first: break
        case .random: shuffle(&units, alias)
        case .roundRobin:
            if alias.isSticky, request.prefixHash != nil {
                shuffle(&units, alias)
            } else {
                rotate(&units, alias, countsTurn, &env)
            }
        case .cheapest: sortByPrice(&units, alias, &trace)
        case .fastest: sortByTime(&units, alias, &trace)
        case .auto: order(&units, &trace)
        }
        trace.add(.alias, alias.index, Int(alias.strategy.rawValue), units.count)
        if countsTurn, let inner = units.first?.member.alias {
            // The order of the chosen alias is known already; this is for its turns alone.
            var unread = DecisionTrace()
            _ = ranked(inner, countsTurn: true, &env, &unread)
        }
        return units.flatMap(\.candidates)
    }

    private mutating func units(
        of alias: Alias,
        _ env: inout some PlanningEnvironment,
        _ trace: inout DecisionTrace
    ) -> [Unit] {
        var units: [Unit] = []
        units.reserveCapacity(alias.members.count)
        for (place, member) in alias.members.enumerated() {
            if let inner = member.alias {
                // Whether it is its turn is known only when all members have their order.
                let candidates = ranked(inner, countsTurn: false, &env, &trace)
                guard !candidates.isEmpty else { continue }
                units.append(Unit(candidates: candidates, member: member, place: place, key: member.key))
                continue
            }
            var candidates: [Candidate] = []
            for target in member.targets where filter.permits(target) {
                candidates.append(Candidate(target: target, standing: env.standing(of: target)))
            }
            if alias.strategy.comparesTargets {
                for (index, candidate) in candidates.enumerated() {
                    let key = StableHash.joined(member.key, UInt64(index))
                    units.append(Unit(candidates: [candidate], member: member, place: place, key: key))
                }
            } else if !candidates.isEmpty {
                units.append(Unit(candidates: candidates, member: member, place: place, key: member.key))
            }
        }
        return units
    }

    // MARK: Shares

    /// Draws by weight; for a sticky alias from the beginning of the prompt, else by chance.
    private mutating func shuffle(_ units: inout [Unit], _ alias: Alias) {
        let prefix = alias.isSticky ? request.prefixHash : nil
        var keyed: [(key: Double, unit: Unit)] = []
        keyed.reserveCapacity(units.count)
        for unit in units {
            let bits = prefix.map { StableHash.joined($0, unit.key) } ?? numbers.next()
            keyed.append((WeightedDraw.key(bits, weight: unit.member.weight), unit))
        }
        // Stable: what is equal keeps the order of the configuration.
        keyed.sort { $0.key < $1.key }
        units = keyed.map(\.unit)
    }

    private func rotate(
        _ units: inout [Unit],
        _ alias: Alias,
        _ countsTurn: Bool,
        _ env: inout some PlanningEnvironment
    ) {
        guard units.count > 1 else { return }
        let anyone = !units.contains(where: \.isUsable)
        // One for each member, also those that this request may not ask: the credits of the others last.
        var weights = [Int32](repeating: 0, count: alias.members.count)
        for unit in units where anyone || unit.isUsable {
            weights[unit.place] = Int32(clamping: Int(max(1, min(unit.member.weight * 1_000, 1e9))))
        }
        let place = env.turn(of: alias.name, weights: weights, counts: countsTurn)
        guard let turn = units.firstIndex(where: { $0.place == place }), turn > 0 else { return }
        units = Array(units[turn...] + units[..<turn])
    }

    // MARK: Values

    private func sortByPrice(_ units: inout [Unit], _ alias: Alias, _ trace: inout DecisionTrace) {
        let valued = units.enumerated().map { index, unit in
            (place: unit.place, index: index, price: RankedPrice(unit.best.target, alias.expected, request), unit: unit)
        }
        let sorted = valued.sorted { left, right in
            left.price != right.price ? left.price < right.price : left.index < right.index
        }
        for entry in sorted.prefix(Self.shownRanks) {
            // Sums over a request are told in a thousandth of the unit, so that a trace's numbers hold them.
            let scale: Int128 = alias.expected == .equal ? 1 : 1_000
            let cost = entry.price.cost.map { Int(clamping: $0 / scale) } ?? -1
            trace.add(.ranked, entry.place, cost, alias.expected.basis)
        }
        units = sorted.map(\.unit)
    }

    private mutating func sortByTime(_ units: inout [Unit], _ alias: Alias, _ trace: inout DecisionTrace) {
        let valued = units.enumerated().map { index, unit in
            let best = unit.best
            return (
                place: unit.place, index: index, unit: unit, load: best.standing.inFlight,
                estimate: SpeedEstimate(best.target, best.standing, outputLimit: request.outputLimit)
            )
        }
        var sorted = valued.sorted { left, right in
            if left.unit.isUsable != right.unit.isUsable { return left.unit.isUsable }
            return left.estimate.time != right.estimate.time
                ? left.estimate.time < right.estimate.time : left.index < right.index
        }
        let usable = sorted.count { $0.unit.isUsable }
        // Before anything was measured there is a fixed order: chance would tell nothing.
        let isMeasured = sorted[..<usable].contains { $0.estimate.isMeasured }
        let prefix = alias.isSticky ? request.prefixHash : nil
        var choice = SpeedChoice.best
        if usable > 1, isMeasured {
            func near(_ factor: Double) -> Int {
                sorted[..<usable].count { $0.estimate.time <= sorted[0].estimate.time * factor }
            }
            // By chance for every turn: a conversation that always explored would never be where it is kept.
            let draw = numbers.next()
            var chosen = 0
            if draw < Self.exploringDraws {
                // What was slow or ill may be well again: only who asks learns it.
                chosen = 1 + Int(StableHash.mixed(draw).multipliedFullWidth(by: UInt64(usable - 1)).high)
                choice = .explored
            } else if let prefix {
                let equals = sorted[..<near(Self.stickyReach)]
                let key = { (unit: Unit) in
                    WeightedDraw.key(StableHash.joined(prefix, unit.key), weight: unit.member.weight)
                }
                chosen = equals.indices.min { key(sorted[$0].unit) < key(sorted[$1].unit) } ?? 0
                choice = .kept
            } else {
                let equals = near(Self.equalReach)
                if equals > 1 {
                    // The power of two choices (Mitzenmacher, 2001): the less busy of two keeps a herd from forming.
                    let first = numbers.below(equals)
                    let other = (first + 1 + numbers.below(equals - 1)) % equals
                    func cost(_ index: Int) -> Duration {
                        sorted[index].estimate.time * (min(max(0, sorted[index].load), 100_000) + 1)
                    }
                    let (low, high) = (min(first, other), max(first, other))
                    chosen = cost(high) < cost(low) ? high : low
                    choice = .lessBusy
                }
            }
            sorted.insert(sorted.remove(at: chosen), at: 0)
        }
        trace.add(.speedChoice, Int(choice.rawValue))
        for entry in sorted.prefix(Self.shownRanks) {
            trace.add(
                .ranked,
                entry.place,
                Int(clamping: entry.estimate.time.wholeNanoseconds / 1_000_000),
                entry.estimate.isMeasured ? 3 : 4
            )
        }
        units = sorted.map(\.unit)
    }

    /// How a fast target was picked.
    enum SpeedChoice: UInt8 {
        /// The one with the best estimate.
        case best
        /// Another one, so that its figures stay fresh.
        case explored
        /// The one the conversation is at.
        case kept
        /// The less busy of two that are as good as equal.
        case lessBusy
    }

    /// Ranks that are noted; the rest can be told from the targets' own figures.
    private static var shownRanks: Int { 4 }
    /// One draw in twenty.
    private static var exploringDraws: UInt64 { UInt64.max / 20 }
    /// Estimates within a quarter of the best are equal: measurements are not finer.
    private static var equalReach: Double { 1.25 }
    /// A conversation stays where it is unless that takes twice as long: a cached prompt is worth waiting a little for.
    private static var stickyReach: Double { 2 }

    // MARK: auto

    /// The simple rules of `auto`: a model on this device first where the prompt is short enough, then the tier or
    /// `cloud_model`; on the route `cloud` the latter.
    private func order(_ units: inout [Unit], _ trace: inout DecisionTrace) {
        let wantsBest = routing.heedsQuality && request.quality == .best
        func of(_ role: Alias.Role) -> [Unit] { units.filter { $0.member.role == role } }
        let isSmart = (request.smartRouting ?? routing.smartRouting) && !(filter.onlyRemote && !of(.cloud).isEmpty)
        let tiers = isSmart ? (wantsBest ? of(.strong) + of(.standard) : of(.standard)) : []
        let remote = tiers + of(.cloud)
        let local = of(.local)
        let rule = routing.localRule(request, local.first?.best.target)
        trace.add(.autoRule, Int(rule.rawValue), Int(clamping: request.inputTokens), isSmart ? 1 : 0)
        units = rule == .stays ? local + remote : remote + local
    }
}

/// What "cheapest" compares; smaller is better.
struct RankedPrice: Comparable {
    /// In pico-dollars, by what is expected; `nil` when a price is unknown.
    let cost: Int128?
    private let output: Int64

    init(_ target: Target, _ expected: ExpectedTokens, _ request: PlanRequest) {
        // Tokens of one's own engine cost nothing, whatever is said of them or not.
        guard let price = target.price ?? (target.isLocal ? .free : nil) else {
            (cost, output) = (nil, 0)
            return
        }
        output = price.output.picoUSD
        func of(_ input: Int64, _ output: Int64) -> Int128 {
            let rates = price.rates(promptTokens: input)
            return Int128(input) * Int128(rates.input.picoUSD) + Int128(output) * Int128(rates.output.picoUSD)
        }
        switch expected {
        case .equal: cost = of(1, 1)
        case .request:
            let limit = min(request.outputLimit ?? SpeedEstimate.usualOutput, SpeedEstimate.usualOutput)
            cost = of(max(0, request.inputTokens), Int64(max(1, limit)))
        case .fixed(let input, let output): cost = of(input, output)
        }
    }

    static func < (left: Self, right: Self) -> Bool {
        switch (left.cost, right.cost) {
        case (let left?, let right?) where left != right: left < right
        case (_?, _?): left.output < right.output
        case (_?, nil): true
        case (nil, _): false
        }
    }
}

extension ExpectedTokens {
    /// How the trace calls what a rank's value is.
    fileprivate var basis: Int {
        switch self {
        case .equal: 0
        case .request: 1
        case .fixed: 2
        }
    }
}

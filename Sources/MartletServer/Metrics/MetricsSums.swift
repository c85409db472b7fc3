import MartletExchange

/// The counts of all loops together, by the labels they are shown with.
struct MetricsSums {
    /// Labels of the request counter.
    struct RequestLabels: Hashable, Comparable {
        var provider: String
        var model: String
        var status: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.provider, left.model, left.status) < (right.provider, right.model, right.status)
        }
    }

    /// Labels of tokens and cost.
    struct ModelLabels: Hashable, Comparable {
        var provider: String
        var model: String

        static func < (left: Self, right: Self) -> Bool {
            (left.provider, left.model) < (right.provider, right.model)
        }
    }

    private(set) var requests: [RequestLabels: UInt64] = [:]
    private(set) var models: [ModelLabels: SeriesCounts] = [:]
    private(set) var routes: [Outcome.RouteOutcome: UInt64] = [:]
    private(set) var attempts: [Outcome.AttemptOutcome: UInt64] = [:]
    private(set) var latency = Histogram(.seconds)
    private(set) var firstToken = Histogram(.seconds)
    private(set) var attemptOverhead = Histogram(.microseconds)
    private(set) var relayOverhead = Histogram(.microseconds)
    private(set) var defects: UInt64 = 0

    /// Adds one loop's counts.
    mutating func add(_ counters: MetricsCounters) {
        for (key, counts) in counters.series {
            let labels = RequestLabels(provider: key.provider, model: key.model, status: key.status)
            requests[labels, default: 0] &+= counts.requests
            if let route = key.route { routes[route, default: 0] &+= counts.requests }
            let model = ModelLabels(provider: key.provider, model: key.model)
            models[model, default: SeriesCounts()].add(counts)
        }
        for (key, count) in counters.attempts { attempts[key, default: 0] &+= count }
        latency.add(counters.latency)
        firstToken.add(counters.firstToken)
        attemptOverhead.add(counters.attemptOverhead)
        relayOverhead.add(counters.relayOverhead)
        defects &+= counters.defects
    }
}

extension SeriesCounts {
    fileprivate mutating func add(_ other: SeriesCounts) {
        requests &+= other.requests
        tokens.add(other.tokens)
        if let more = other.cost { cost = (cost ?? 0) + more }
    }
}

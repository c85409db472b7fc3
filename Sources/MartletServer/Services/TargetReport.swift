import MartletCore
import MartletRouting
import Synchronization

/// How the targets fare, for people and metrics.
struct TargetReport {
    /// How an account's targets fare.
    enum Status: String, Sendable {
        case ok, degraded
    }

    /// The circuit of a target.
    struct Circuit: Sendable, Hashable {
        var account: String
        /// The provider's name of the model; `other` stands for all that no configuration and no registry names.
        var model: String
        var state: CircuitBreaker.State
        /// Time until the next try; `nil` when a try may begin or runs.
        var pause: Duration?
        /// Whether the target said that its quota is used up.
        var isOutOfQuota: Bool
    }

    /// The state of every account that was used; the worst of its targets counts.
    private(set) var accounts: [String: Status] = [:]
    /// The circuits of all targets that were used, the worst for each name, by account and model.
    private(set) var circuits: [Circuit] = []

    /// Looks at every target that was used.
    ///
    /// - Parameter all: Whether closed circuits are wanted, too.
    init(_ table: TargetTable, _ snapshot: Snapshot, now: Instant, all: Bool = false) {
        var worst: [Name: Circuit] = [:]
        var unnamed: [(id: TargetID, circuit: Circuit)] = []
        for (id, memory) in table.all {
            let account = TargetTable.account(of: id)
            let health = memory.health.withLock { $0 }
            if health.isDegraded(now) {
                accounts[account] = .degraded
            } else if accounts[account] == nil {
                accounts[account] = .ok
            }
            let state = health.breaker.state(at: now)
            guard all || (state != .closed && health.isDegraded(now)) else { continue }
            let circuit = Circuit(
                account: account,
                model: "other",
                state: state,
                pause: health.breaker.pauseEnd(at: now).map { $0 - now },
                isOutOfQuota: health.breaker.isOutOfQuota
            )
            unnamed.append((id, circuit))
        }
        // Looked for only where there is something to name.
        let names = unnamed.isEmpty ? [:] : Self.names(snapshot)
        for (id, circuit) in unnamed {
            var circuit = circuit
            if let name = names[id] { circuit.model = name }
            let name = Name(account: circuit.account, model: circuit.model)
            if let known = worst[name], !circuit.isWorse(than: known) { continue }
            worst[name] = circuit
        }
        circuits = worst.values.sorted { ($0.account, $0.model) < ($1.account, $1.model) }
    }

    private struct Name: Hashable {
        var account: String
        var model: String
    }

    /// The upstream names of targets that configuration or registry name: what callers make up is shown to nobody.
    private static func names(_ snapshot: Snapshot) -> [TargetID: String] {
        var names: [TargetID: String] = [:]
        for entry in snapshot.models.values where entry.isNamed {
            for target in entry.targets { names[target.id] = target.upstreamModel }
        }
        return names
    }
}

extension TargetReport.Circuit {
    fileprivate func isWorse(than other: Self) -> Bool {
        (state.rawValue, pause ?? .zero) > (other.state.rawValue, other.pause ?? .zero)
    }

    /// How pages name the state.
    var stateName: String {
        switch state {
        case .closed: "closed"
        case .halfOpen: "half_open"
        case .open: "open"
        }
    }
}

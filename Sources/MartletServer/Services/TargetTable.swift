import MartletCore
import MartletRouting
import Synchronization

/// What is remembered of targets, by id: it outlives snapshots.
///
/// Asked once for each target of a snapshot, and for models that only a request names.
final class TargetTable: Sendable {
    private let state = Mutex(State())

    fileprivate struct State {
        var memories: [TargetID: TargetMemory] = [:]
        /// How many targets there may be before some are forgotten.
        var limit = TargetTable.limit
    }

    /// What is remembered of a target; made when first used.
    func memory(of target: TargetID) -> TargetMemory {
        state.withLock { state in
            if let memory = state.memories[target] { return memory }
            if state.memories.count >= state.limit { state.makeRoom() }
            let memory = TargetMemory()
            state.memories[target] = memory
            return memory
        }
    }

    /// Forgets the targets of accounts that are there no more; requests that still run on them keep theirs.
    func keepOnly(_ accounts: Set<String>) {
        state.withLock { state in
            state.memories = state.memories.filter { accounts.contains(Self.account(of: $0.key)) }
        }
    }

    /// All that is remembered, in no order.
    var all: [(id: TargetID, memory: TargetMemory)] {
        state.withLock { state in state.memories.map { ($0.key, $0.value) } }
    }

    /// The account in a target's id.
    static func account(of id: TargetID) -> String { String(id.rawValue.prefix { $0 != "|" }) }

    /// A caller may name any model of an account, so the table is bounded.
    fileprivate static let limit = 8_192
}

extension TargetTable.State {
    /// Forgets targets that no configuration and no running request has: those about which there is nothing to remember;
    /// all of them, if that is not enough.
    mutating func makeRoom() {
        let now = Instant.now
        for forgetsAll in [false, true] where memories.count >= limit {
            var gone: [TargetID] = []
            var index = memories.values.startIndex
            while index != memories.values.endIndex {
                let isUnused = isKnownUniquelyReferenced(&memories.values[index])
                if isUnused, forgetsAll || memories.values[index].health.withLock({ $0.isForgettable(now) }) {
                    gone.append(memories.keys[index])
                }
                memories.values.formIndex(after: &index)
            }
            for id in gone { memories[id] = nil }
        }
        // Those of a large configuration all stay; looking through them is not done for each that is added.
        limit = max(TargetTable.limit, 2 * memories.count)
    }
}

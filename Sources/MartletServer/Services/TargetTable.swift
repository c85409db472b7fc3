import MartletCore
import MartletRouting
import Synchronization

/// What is remembered of targets, by id: it outlives snapshots.
///
/// Asked once for each target of a snapshot, and for models that only a request names.
final class TargetTable: Sendable {
    private let memories = Mutex<[TargetID: TargetMemory]>([:])

    /// What is remembered of a target; made when first used.
    func memory(of target: TargetID) -> TargetMemory {
        memories.withLock { memories in
            if let memory = memories[target] { return memory }
            if memories.count >= Self.limit { Self.makeRoom(&memories) }
            let memory = TargetMemory()
            memories[target] = memory
            return memory
        }
    }

    /// Forgets the targets of accounts that are there no more; requests that still run on them keep theirs.
    func keepOnly(_ accounts: Set<String>) {
        memories.withLock { memories in
            memories = memories.filter { accounts.contains(Self.account(of: $0.key)) }
        }
    }

    /// All that is remembered, in no order.
    var all: [(id: TargetID, memory: TargetMemory)] {
        memories.withLock { memories in memories.map { ($0.key, $0.value) } }
    }

    /// The account in a target's id.
    static func account(of id: TargetID) -> String { String(id.rawValue.prefix { $0 != "|" }) }

    /// A caller may name any model of an account, so the table is bounded.
    private static let limit = 8_192

    /// Forgets targets about which there is nothing to remember; all of them, if that is not enough.
    private static func makeRoom(_ memories: inout [TargetID: TargetMemory]) {
        let now = Instant.now
        memories = memories.filter { !$0.value.health.withLock { $0.isForgettable(now) } }
        if memories.count >= limit { memories.removeAll() }
    }
}

import MartletCore
import MartletRouting
import NIOCore
import Synchronization

/// Requests in flight: in the process, by key and by target, over all loops.
final class SlotTable: Sendable {
    /// The process's own slots.
    let process = Gate(prefersNewest: true)
    private let keys = Mutex<[APIKeyID: Int]>([:])
    private let gates = Mutex<[TargetID: Gate]>([:])

    /// Takes a slot of a key; false when it has `limit` requests in flight.
    func takeKey(_ key: APIKeyID, limit: Int) -> Bool {
        keys.withLock { keys in
            let inFlight = keys[key, default: 0]
            guard inFlight < limit else { return false }
            keys[key] = inFlight + 1
            return true
        }
    }

    /// Gives a key's slot back.
    func releaseKey(_ key: APIKeyID) {
        keys.withLock { keys in
            let left = keys[key, default: 1] - 1
            keys[key] = left > 0 ? left : nil
        }
    }

    /// The gate of a target; made when first used.
    func gate(_ target: TargetID) -> Gate {
        gates.withLock { gates in
            if let gate = gates[target] { return gate }
            // A caller may name any model of an account: gates that nobody holds are made again when they are needed.
            if gates.count >= 8_192 { gates = gates.filter { !$0.value.isIdle } }
            let gate = Gate()
            gates[target] = gate
            return gate
        }
    }
}

/// Slots of one kind with a waiting list over all loops: in arrival order, or, under overload, the newest first.
final class Gate: Sendable {
    /// Who waits; answered on its own loop.
    struct Waiter: Sendable {
        let id: UInt64
        let since: Instant
        let grant: @Sendable () -> Void
    }

    /// Whether the newest goes first once the oldest has waited for ``longWait``: who waits that long has mostly given up,
    /// and in arrival order everybody would wait as long.
    private let prefersNewest: Bool
    private static let longWait = Duration.milliseconds(100)

    init(prefersNewest: Bool = false) { self.prefersNewest = prefersNewest }

    private struct State {
        var inFlight = 0
        var nextID: UInt64 = 0
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    /// Takes a slot unless `limit` are taken or others wait; 0 means no limit.
    func take(limit: Int) -> Bool {
        state.withLock { state in
            guard limit <= 0 || (state.inFlight < limit && state.waiting.isEmpty) else { return false }
            state.inFlight += 1
            return true
        }
    }

    /// What became of a wish to wait.
    enum Wait {
        /// A slot became free in the meantime and is taken.
        case granted
        /// The place in the list, to leave it by.
        case queued(UInt64)
        /// The list is full.
        case refused
    }

    /// Joins the waiting list, unless a slot is free by now.
    ///
    /// `grant` is called at most once, when a slot was handed over.
    func wait(limit: Int, size: Int, now: Instant = .now, grant: @escaping @Sendable () -> Void) -> Wait {
        state.withLock { state in
            if limit <= 0 || (state.inFlight < limit && state.waiting.isEmpty) {
                state.inFlight += 1
                return .granted
            }
            guard state.waiting.count < size else { return .refused }
            state.nextID += 1
            state.waiting.append(Waiter(id: state.nextID, since: now, grant: grant))
            return .queued(state.nextID)
        }
    }

    /// Leaves the waiting list; false when a slot was handed over already.
    func leave(_ id: UInt64) -> Bool {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return false }
            state.waiting.remove(at: index)
            return true
        }
    }

    /// Gives a slot back: it goes to the next waiter, if there is one.
    func release(now: @autoclosure () -> Instant = .now) {
        let next = state.withLock { state -> Waiter? in
            guard let oldest = state.waiting.first else {
                state.inFlight -= 1
                return nil
            }
            let isLong = prefersNewest && now() - oldest.since > Self.longWait
            return isLong ? state.waiting.removeLast() : state.waiting.removeFirst()
        }
        next?.grant()
    }

    /// Whether no slot is taken and nobody waits.
    var isIdle: Bool { state.withLock { $0.inFlight == 0 && $0.waiting.isEmpty } }

    /// Slots taken now.
    var inFlight: Int { state.withLock(\.inFlight) }
}

import MartletDialects
import Synchronization

/// Remembers the signatures of calls for callers that do not bring them back.
///
/// Many clients of chat completions keep nothing of a call but id, name and arguments. Bounded in number and bytes: the
/// oldest are forgotten first. A gateway that was started anew knows none; such a call goes with the placeholder that
/// Google documents, and the model thinks anew.
final class SignatureMemory: GeminiSignatureStore {
    /// The memory of the process.
    ///
    /// A signature goes only to the account that made it, and a caller who does not know the id of a call gets nothing of
    /// it.
    static let shared = SignatureMemory()

    /// The most calls that are remembered.
    private let most: Int
    /// The most bytes of ids and signatures.
    private let mostBytes: Int
    /// The most bytes of one call.
    private static let largest = 64 << 10
    private let state = Mutex(State())

    private struct Key: Hashable {
        var account: String
        var call: String
    }

    private struct State {
        var known: [Key: String] = [:]
        /// The keys in the order of their arrival, from ``first`` on.
        var order: [Key] = []
        var first = 0
        var bytes = 0
    }

    /// Makes an empty memory.
    ///
    /// - Parameters:
    ///   - most: The most calls that are remembered.
    ///   - mostBytes: The most bytes of ids and signatures.
    init(most: Int = 16_384, mostBytes: Int = 16 << 20) {
        self.most = most
        self.mostBytes = mostBytes
    }

    /// The signature of a call that an account made.
    func signature(ofCall id: String, account: String) -> String? {
        state.withLock { $0.known[Key(account: account, call: id)] }
    }

    /// Remembers the signature of a call.
    func keep(_ signature: String, ofCall id: String, account: String) {
        let size = signature.utf8.count + id.utf8.count
        guard size <= min(mostBytes / 2, Self.largest) else { return }
        let key = Key(account: account, call: id)
        state.withLock { state in
            if let old = state.known.updateValue(signature, forKey: key) {
                state.bytes += signature.utf8.count - old.utf8.count
            } else {
                state.order.append(key)
                state.bytes += size
            }
            while (state.known.count > most || state.bytes > mostBytes) && state.first < state.order.count {
                let oldest = state.order[state.first]
                state.first += 1
                guard let old = state.known.removeValue(forKey: oldest) else { continue }
                state.bytes -= old.utf8.count + oldest.call.utf8.count
            }
            // Moved in one go now and then, so that forgetting costs the same each time.
            if state.first > most {
                state.order.removeFirst(state.first)
                state.first = 0
            }
        }
    }
}

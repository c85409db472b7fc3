import MartletGovernance
import MartletRouting

extension Exchange {
    /// Whether a request ends that reached no target and answered nothing by itself: that is what somebody will ask about.
    ///
    /// What is refused as the caller's own mistake is none, nor what is refused because the gateway is full: that is
    /// counted, and costs nothing more.
    mutating func endsUnreached(_ state: LedgerRecord.State) -> Bool {
        guard call != nil else { return state == .failed && isRefusedByExtension }
        switch state {
        case .failed: return answer.status >= 500 || answer.status == 429
        case .cancelled, .interrupted: return true
        case .intent, .settled: return false
        }
    }

    /// Whether the program around the gateway said no.
    private var isRefusedByExtension: Bool {
        trace.entries.contains { entry in
            switch entry.code {
            case .quotaRefused, .quotaFailed: true
            case .restricted: entry.values.1 == 0
            default: false
            }
        }
    }

    /// The trace as the ledger keeps it.
    ///
    /// An intent has one only if there is more to tell than that the first target is asked: most endings follow within
    /// seconds, and tell it again.
    ///
    /// - Parameter target: The one that the record names.
    mutating func packedTrace(_ state: LedgerRecord.State, _ target: Target?) -> [UInt8] {
        if state == .intent, trace.entries.count <= 3 { return [] }
        return trace.packed(
            beside: TraceSurroundings(
                targets: plan?.targets ?? [],
                answering: target,
                model: plan?.label ?? "",
                aliases: snapshot.aliases,
                surface: surface,
                endpoint: endpoint?.name ?? ""
            )
        )
    }
}

import MartletCore
import MartletExchange

/// What an exchange holds outside itself: its slots.
///
/// Released exactly once; what is left at the end is a defect.
struct ExchangeResources {
    /// A taken slot.
    enum Handle {
        case process
        case key(APIKeyID)
        case gate(Gate)
    }

    private var handles: [(id: SlotID, handle: Handle)] = []

    mutating func hold(_ handle: Handle, as id: SlotID) { handles.append((id, handle)) }

    /// Gives back what stands under an id.
    mutating func release(_ id: SlotID, to slots: SlotTable) {
        for entry in handles where entry.id == id { Self.release(entry.handle, to: slots) }
        handles.removeAll { $0.id == id }
    }

    /// Gives back what the exchange forgot, and counts it.
    mutating func release(defects: MetricsShard) {
        guard !handles.isEmpty else { return }
        for entry in handles {
            defects.countDefect()
            Self.release(entry.handle, to: defects.slots)
        }
        handles.removeAll(keepingCapacity: true)
    }

    private static func release(_ handle: Handle, to slots: SlotTable) {
        switch handle {
        case .process: slots.process.release()
        case .key(let key): slots.releaseKey(key)
        case .gate(let gate): gate.release()
        }
    }
}

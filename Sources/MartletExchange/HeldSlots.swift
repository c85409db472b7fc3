/// Ids of the slots an exchange holds; the resources behind them are the performer's.
struct HeldSlots {
    private(set) var held: [SlotID] = []
    private var counter: UInt16 = 0

    /// A new id.
    mutating func next() -> SlotID {
        defer { counter &+= 1 }
        return SlotID(counter)
    }

    mutating func hold(_ slot: SlotID) { held.append(slot) }

    /// Forgets a slot; tells whether it was held.
    mutating func release(_ slot: SlotID) -> Bool {
        guard let index = held.firstIndex(of: slot) else { return false }
        held.remove(at: index)
        return true
    }

    /// Forgets all slots and gives them back to the caller.
    mutating func releaseAll() -> [SlotID] {
        defer { held.removeAll() }
        return held
    }
}

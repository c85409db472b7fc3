/// Ids of the slots an exchange holds; the resources behind them are the performer's.
///
/// Mostly one, which needs no array.
struct HeldSlots {
    private var first: SlotID?
    private var others: [SlotID] = []
    private var counter: UInt16 = 0

    /// A new id.
    mutating func next() -> SlotID {
        defer { counter &+= 1 }
        return SlotID(counter)
    }

    mutating func hold(_ slot: SlotID) {
        if first == nil { first = slot } else { others.append(slot) }
    }

    /// Forgets a slot; tells whether it was held.
    mutating func release(_ slot: SlotID) -> Bool {
        if first == slot {
            first = others.popLast()
            return true
        }
        guard let index = others.firstIndex(of: slot) else { return false }
        others.remove(at: index)
        return true
    }

    /// Forgets one slot and tells which.
    mutating func releaseOne() -> SlotID? {
        defer { first = others.popLast() }
        return first
    }
}

/// Finds keys of objects that have too many for comparing one by one.
///
/// Open addressing over the scanner's stack. Keys leave in the reverse order in which they came, because objects close
/// from the inside out; so the last one that was placed can be erased without breaking any probe sequence.
struct JSONKeyIndex: Sendable {
    /// Hashes in the upper halves, stack positions plus one in the lower ones; 0 is free.
    ///
    /// The count is a power of two, at least twice that of `order`.
    private var slots: [UInt64] = []
    /// The taken slots' contents, oldest first.
    private var order: [UInt64] = []

    /// Looks a key up among those of its object and adds it when it is new.
    ///
    /// - Parameters:
    ///   - key: The key, which will be stored at the top of the stack.
    ///   - frame: Where the keys of its object start.
    ///   - top: The first free position of the stack.
    /// - Returns: Whether the key was new.
    @inline(never)
    mutating func insert(
        _ key: JSONRecord,
        frame: Int,
        top: Int,
        stack: borrowing Span<JSONRecord>,
        bytes: JSONBytes
    ) -> Bool {
        if top - frame == JSONRecord.smallObject {
            for position in frame..<top { add(Self.entry(stack[position], frame, position)) }
        }
        let entry = Self.entry(key, frame, top)
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 {
            let other = slots[slot]
            let position = Int(other & 0xFFFF_FFFF) - 1
            if other >> 32 == entry >> 32, position >= frame, stack[position].isSameKey(as: key, in: bytes) {
                return false
            }
            slot = (slot + 1) & mask
        }
        add(entry)
        return true
    }

    /// Forgets the keys of the innermost object.
    @inline(never)
    mutating func remove(from frame: Int) {
        let mask = slots.count - 1
        while let last = order.last, Int(last & 0xFFFF_FFFF) > frame {
            var slot = Int(last >> 32) & mask
            while slots[slot] != last { slot = (slot + 1) & mask }
            slots[slot] = 0
            order.removeLast()
        }
    }

    private static func entry(_ key: JSONRecord, _ frame: Int, _ position: Int) -> UInt64 {
        UInt64(key.slot(frame: frame)) << 32 | UInt64(truncatingIfNeeded: position + 1)
    }

    private mutating func add(_ entry: UInt64) {
        if (order.count + 1) * 2 > slots.count {
            slots = [UInt64](repeating: 0, count: max(64, slots.count * 2))
            for earlier in order { place(earlier) }
        }
        place(entry)
        order.append(entry)
    }

    private mutating func place(_ entry: UInt64) {
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }
}

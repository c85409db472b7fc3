/// One entry of the scanner's stack: a key of an open object, or what must be restored when a container closes.
///
/// The stack holds, for every open container from the outside in, one frame followed by the keys seen so far.
struct JSONRecord: Sendable {
    var first: UInt64
    var second: UInt64

    /// Keys up to this number in one object are compared one by one, more through the index.
    static var smallObject: Int { 16 }

    @inline(__always)
    init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }

    /// Stores the surroundings of a container that opens.
    @inline(__always)
    init(seen: UInt64, frame: Int, isObject: Bool, text: UInt8) {
        first = seen
        second = UInt64(truncatingIfNeeded: frame) | (isObject ? 1 : 0) &<< 32 | UInt64(text) &<< 33
    }

    @inline(__always) var seen: UInt64 { first }
    @inline(__always) var frame: Int { Int(truncatingIfNeeded: second & 0xFFFF_FFFF) }
    @inline(__always) var isObject: Bool { second &>> 32 & 1 == 1 }
    @inline(__always) var text: UInt8 { UInt8(truncatingIfNeeded: second &>> 33) }

    /// Stores a key; offsets are below 2^32.
    @inline(__always)
    init(hash: UInt64, length: Int, start: Int, hasEscapes: Bool) {
        first = hash & 0xFFFF_FFFF_0000_0000 | UInt64(truncatingIfNeeded: length)
        second = UInt64(truncatingIfNeeded: start) | (hasEscapes ? 1 : 0) &<< 32
    }

    /// The length of the decoded key in bytes.
    @inline(__always) var length: Int { Int(truncatingIfNeeded: first & 0xFFFF_FFFF) }
    @inline(__always) var start: Int { Int(truncatingIfNeeded: second & 0xFFFF_FFFF) }
    @inline(__always) var hasEscapes: Bool { second &>> 32 & 1 == 1 }
    /// Where to look in the index: differs between objects that have the same keys.
    @inline(__always)
    func slot(frame: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: first &>> 32) &+ UInt32(truncatingIfNeeded: frame) &* 0x9E37_79B1
    }

    /// Compares two keys of one document after decoding.
    @inline(__always)
    func isSameKey(as other: JSONRecord, in bytes: JSONBytes) -> Bool {
        guard first == other.first else { return false }
        if (second | other.second) &>> 32 & 1 == 0 { return bytes.equal(start, bytes, other.start, length) }
        return isSameDecodedKey(as: other, in: bytes)
    }

    @inline(never)
    private func isSameDecodedKey(as other: JSONRecord, in bytes: JSONBytes) -> Bool {
        var left = JSONDecodedCursor(bytes, at: start, hasEscapes: hasEscapes)
        var right = JSONDecodedCursor(bytes, at: other.start, hasEscapes: other.hasEscapes)
        for _ in 0..<length {
            if left.next() != right.next() { return false }
        }
        return true
    }
}

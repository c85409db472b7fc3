/// The members of a chat stream's event that make it worth parsing.
///
/// A relay that forwards bytes unchanged looks at each event with ``init(ofEvent:)`` and parses only an event that shows a mark.
/// There are no false negatives for member names written plainly, as every known server writes them; a name written with
/// `\u` escapes is not seen. A false positive (the same text inside a message, a value that is hard to see as `null`) costs one
/// parse.
public struct StreamMarks: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    ///
    /// - Parameter rawValue: The bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A member `finish_reason` whose value is not `null`.
    public static let finishReason = StreamMarks(rawValue: 1)
    /// A member `usage` whose value is not `null`.
    public static let usage = StreamMarks(rawValue: 2)
    /// A member `error` whose value is not `null`.
    public static let error = StreamMarks(rawValue: 4)
    /// The text `[DONE]`, which ends the stream when it is the whole payload.
    public static let done = StreamMarks(rawValue: 8)

    /// Searches any run of whole events, for example a read that begins and ends between two events.
    ///
    /// - Parameter bytes: The bytes to search. A name that is cut in two at an end of them is not seen.
    /// - Complexity: O(bytes), no allocation.
    public init(in bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else {
            self = []
            return
        }
        self = unsafe Self.members(base, bytes.count).union(Self.end(base, bytes.count))
    }

    /// Searches the bytes of one event, or its payload alone.
    ///
    /// Faster than ``init(in:)``: when the first line is a `data` line, it alone decides about `[DONE]`, because the payload of an
    /// event with more of them is longer.
    ///
    /// - Parameter bytes: The bytes of one event.
    /// - Complexity: O(bytes), no allocation.
    public init(ofEvent bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else {
            self = []
            return
        }
        let count = bytes.count
        self = unsafe Self.members(base, count)
        guard unsafe count >= 8 && UInt32(bigEndian: base.loadUnaligned(as: UInt32.self)) == 0x6461_7461,  // data
            unsafe base.load(fromByteOffset: 4, as: UInt8.self) == UInt8(ascii: ":")
        else {
            unsafe formUnion(Self.end(base, count))
            return
        }
        let start = unsafe base.load(fromByteOffset: 5, as: UInt8.self) == 0x20 ? 6 : 5
        if unsafe Self.matches(base, start, count &- start, "[DONE]") { insert(.done) }
    }

    /// Looks for `[DONE]` anywhere.
    private static func end(_ base: UnsafeRawPointer, _ count: Int) -> StreamMarks {
        var offset = 0
        while true {
            offset = unsafe ByteSearch.index(of: 0x5B, base, from: offset, to: count)
            if offset == count { return [] }
            if unsafe matches(base, offset, count &- offset, "[DONE]") { return .done }
            offset &+= 1
        }
    }

    /// Looks at 16 places at a time for what may be the first bytes of `"finish_reason`, `"usage` or `"error`.
    private static func members(_ base: UnsafeRawPointer, _ count: Int) -> StreamMarks {
        var marks: StreamMarks = []
        var offset = 0
        guard count >= block else {
            while offset &+ 7 <= count {
                unsafe marks.formUnion(mark(base, offset, count))
                offset &+= 1
            }
            return marks
        }
        while count &- offset >= block {
            let found = unsafe candidates(base, offset)
            if (found.x | found.y) & ByteSearch.highs != 0 {
                unsafe marks.formUnion(marksAt(found.x & ByteSearch.highs, base, offset, count))
                unsafe marks.formUnion(marksAt(found.y & ByteSearch.highs, base, offset &+ 8, count))
            }
            offset &+= 16
        }
        // The last block is moved back to end with the buffer; the places that were seen are left out.
        let last = count &- block
        let seen = UInt64(truncatingIfNeeded: offset &- last) &* 8
        let found = unsafe candidates(base, last)
        let low = found.x & ByteSearch.highs & (UInt64.max << seen)
        let high = found.y & ByteSearch.highs & (UInt64.max << (max(seen, 64) &- 64))
        unsafe marks.formUnion(marksAt(low, base, last, count))
        unsafe marks.formUnion(marksAt(high, base, last &+ 8, count))
        return marks
    }

    /// The bytes that one step of the search looks at: 16 places and four bytes behind the last.
    private static let block = 20

    /// Flags the high bit of each of 16 bytes that may begin a mark; the other bits mean nothing.
    ///
    /// A quote is taken when the first and the fourth letter behind it agree with those of `finish`, `usage` and `error` in the
    /// bits that these three share: the first is one of `d`–`g` and `t`–`w`, the fourth one of `a c e g i k m o`. That passes over
    /// what is usual elsewhere in an event (`delta`, `text`, `tool_calls`, `gpt-…`, `fp_…`).
    ///
    /// Two words of eight bytes are used instead of 16 lanes of one byte, whose comparisons this compiler does one by one.
    @inline(__always)
    private static func candidates(_ base: UnsafeRawPointer, _ offset: Int) -> SIMD2<UInt64> {
        let quote = unsafe words(base, offset) ^ repeated(0x22)
        let first = unsafe (words(base, offset &+ 1) & repeated(0xEC)) ^ repeated(0x64)
        let fourth = unsafe (words(base, offset &+ 4) & repeated(0xF1)) ^ repeated(0x61)
        let all = quote | first | fourth
        return (all &- SIMD2(repeating: ByteSearch.lows)) & ~all
    }

    @inline(__always)
    private static func words(_ base: UnsafeRawPointer, _ offset: Int) -> SIMD2<UInt64> {
        unsafe SIMD2(ByteSearch.word(base, offset), ByteSearch.word(base, offset &+ 8))
    }

    @inline(__always)
    private static func repeated(_ byte: UInt64) -> SIMD2<UInt64> { SIMD2(repeating: byte &* ByteSearch.lows) }

    /// Looks closely at each flagged byte of a word.
    private static func marksAt(_ flags: UInt64, _ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> StreamMarks {
        var marks: StreamMarks = []
        var rest = flags
        while rest != 0 {
            unsafe marks.formUnion(mark(base, offset &+ rest.trailingZeroBitCount &>> 3, count))
            rest &= rest &- 1
        }
        return marks
    }

    /// Decides whether a mark begins at an offset.
    private static func mark(_ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> StreamMarks {
        let rest = count &- offset
        guard rest >= 7 else { return [] }
        switch unsafe UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) {
        case 0x2266_696E:  // "fin
            // Every event of a plain stream has this once, without white space.
            if unsafe rest >= 20 && word(base, offset, 0x2266_696E_6973_685F)
                && word(base, offset &+ 8, 0x7265_6173_6F6E_223A) && isNull(base, offset &+ 16)
            {
                return []
            }
            return unsafe matches(base, offset, rest, "\"finish_reason\"") && hasValue(base, offset &+ 15, count)
                ? .finishReason : []
        case 0x2275_7361:  // "usa
            return unsafe matches(base, offset, rest, "\"usage\"") && hasValue(base, offset &+ 7, count) ? .usage : []
        case 0x2265_7272:  // "err
            return unsafe matches(base, offset, rest, "\"error\"") && hasValue(base, offset &+ 7, count) ? .error : []
        default:
            return []
        }
    }

    /// Compares eight bytes with a word written in the order of the text.
    @inline(__always)
    private static func word(_ base: UnsafeRawPointer, _ offset: Int, _ text: UInt64) -> Bool {
        unsafe UInt64(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) == text
    }

    @inline(__always)
    private static func isNull(_ base: UnsafeRawPointer, _ offset: Int) -> Bool {
        unsafe UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) == 0x6E75_6C6C
    }

    /// Tells whether a value other than `null` may follow a quoted name.
    ///
    /// A line break before the value is taken for a value, because the next line of the event begins with a field name.
    private static func hasValue(_ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> Bool {
        var next = unsafe skipBlanks(base, offset, count)
        guard next < count else { return true }
        let byte = unsafe base.load(fromByteOffset: next, as: UInt8.self)
        if byte == 0x0A || byte == 0x0D { return true }
        guard byte == 0x3A else { return false }
        next = unsafe skipBlanks(base, next &+ 1, count)
        guard count &- next >= 4 else { return true }
        return unsafe !isNull(base, next)
    }

    @inline(__always)
    static func matches(_ base: UnsafeRawPointer, _ offset: Int, _ rest: Int, _ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard rest >= length else { return false }
        for index in 0..<length
        where unsafe base.load(fromByteOffset: offset &+ index, as: UInt8.self) != text.utf8Start[index] {
            return false
        }
        return true
    }

    /// Skips space and tab.
    @inline(__always)
    static func skipBlanks(_ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> Int {
        var offset = offset
        while offset < count {
            let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
            guard byte == 0x20 || byte == 0x09 else { break }
            offset &+= 1
        }
        return offset
    }
}

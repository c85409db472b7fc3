import MartletWire

/// Walks JSON from left to right without making anything of it.
///
/// Meant for bytes that a strict scan has accepted; on others the answers are meaningless, but no read leaves the
/// buffer, every step moves forward, and nesting costs no stack. A cursor must not outlive the borrow it was made from.
@safe
struct JSONCursor {
    /// A string's place: the bytes between its quotes.
    struct Text {
        var start: Int
        var end: Int
        /// The number of UTF-8 bytes after unescaping.
        var length: Int
        /// Whether a backslash stands in it.
        var hasEscapes: Bool

        var range: Range<Int> { start..<end }

        init(start: Int, end: Int, length: Int, hasEscapes: Bool) {
            self.start = start
            self.end = end
            self.length = length
            self.hasEscapes = hasEscapes
        }

        /// The key of a member that a scanner found; the length is not looked for where there are escapes.
        init(_ member: JSONMember) {
            start = member.key.lowerBound
            end = member.key.upperBound
            length = member.key.count
            hasEscapes = member.keyHasEscapes
        }
    }

    let base: UnsafeRawPointer
    let count: Int
    var index: Int

    /// Borrows a buffer from an offset on; `nil` when there is nothing to walk.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, at index: Int = 0) {
        guard let base = bytes.baseAddress, index >= 0, index <= bytes.count else { return nil }
        unsafe self.base = base
        self.count = bytes.count
        self.index = index
    }

    @inline(__always)
    func byte(_ index: Int) -> UInt8 { unsafe base.load(fromByteOffset: index, as: UInt8.self) }

    @inline(__always)
    func word(_ index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// The byte the cursor stands on; 0 at the end.
    @inline(__always)
    var current: UInt8 { index < count ? byte(index) : 0 }

    /// Moves over space, tab, LF and CR.
    @inline(__always)
    mutating func skipSpace() {
        while index < count {
            let byte = byte(index)
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index &+= 1
        }
    }

    /// Enters the object or array that begins with a byte; answers whether there is one.
    @inline(__always)
    mutating func enter(_ opening: UInt8) -> Bool {
        skipSpace()
        guard current == opening else { return false }
        index &+= 1
        return true
    }

    /// Moves to the value of the next member of the object the cursor is in; leaves the object at its end.
    ///
    /// The caller moves over the value.
    @inline(__always)
    mutating func nextKey() -> Text? {
        skipSpace()
        if current == UInt8(ascii: ",") {
            index &+= 1
            skipSpace()
        }
        guard current == UInt8(ascii: "\""), let key = string() else {
            if index < count { index &+= 1 }
            return nil
        }
        skipSpace()
        guard current == UInt8(ascii: ":") else { return nil }
        index &+= 1
        skipSpace()
        return key
    }

    /// Moves to the next element of the array the cursor is in; leaves the array at its end.
    ///
    /// The caller moves over the element.
    @inline(__always)
    mutating func nextElement() -> Bool {
        skipSpace()
        if current == UInt8(ascii: ",") {
            index &+= 1
            skipSpace()
        }
        if index >= count || current == UInt8(ascii: "]") {
            if index < count { index &+= 1 }
            return false
        }
        return true
    }

    /// Moves over the string the cursor stands on; `nil`, at the end of the bytes, when it does not end.
    @inline(__always)
    mutating func string() -> Text? {
        guard current == UInt8(ascii: "\"") else { return nil }
        let start = index &+ 1
        let plainEnd = quoteOrBackslash(from: start)
        if plainEnd < count, byte(plainEnd) == UInt8(ascii: "\"") {
            index = plainEnd &+ 1
            return Text(start: start, end: plainEnd, length: plainEnd &- start, hasEscapes: false)
        }
        return escapedString(start: start, from: plainEnd)
    }

    @inline(never)
    private mutating func escapedString(start: Int, from first: Int) -> Text? {
        var place = first
        var length = first &- start
        while place < count {
            if byte(place) == UInt8(ascii: "\"") {
                index = place &+ 1
                return Text(start: start, end: place, length: length, hasEscapes: true)
            }
            let escape = escapeLength(at: place)
            place = min(place &+ escape.raw, count)
            length &+= escape.decoded
            let next = quoteOrBackslash(from: place)
            length &+= next &- place
            place = next
        }
        index = count
        return nil
    }

    /// The raw and the decoded length of the escape at an offset (RFC 8259 §7).
    func escapeLength(at place: Int) -> (raw: Int, decoded: Int) {
        guard place &+ 1 < count, byte(place &+ 1) == UInt8(ascii: "u") else { return (2, 1) }
        guard let unit = hexUnit(at: place &+ 2) else { return (2, 1) }
        if unit < 0x80 { return (6, 1) }
        if unit < 0x800 { return (6, 2) }
        if unit >= 0xD800, unit < 0xDC00, place &+ 12 <= count, byte(place &+ 6) == UInt8(ascii: "\\"),
            byte(place &+ 7) == UInt8(ascii: "u"), let low = hexUnit(at: place &+ 8), low >= 0xDC00, low < 0xE000
        {
            return (12, 4)
        }
        return (6, 3)
    }

    private func hexUnit(at place: Int) -> UInt32? {
        guard place &+ 4 <= count else { return nil }
        var unit: UInt32 = 0
        for offset in 0..<4 {
            let digit = byte(place &+ offset)
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit &<< 4 | UInt32(digit &- 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit &<< 4 | UInt32(digit &- 0x57)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit &<< 4 | UInt32(digit &- 0x37)
            default: return nil
            }
        }
        return unit
    }

    /// Finds the next quote or backslash; answers the end of the bytes when there is none.
    @inline(__always)
    func quoteOrBackslash(from start: Int) -> Int {
        let lows: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var place = start
        while place &+ 8 <= count {
            let word = word(place)
            let quote = word ^ 0x2222_2222_2222_2222
            let slash = word ^ 0x5C5C_5C5C_5C5C_5C5C
            // A borrow can flag a byte wrongly only above one that is flagged rightly: the lowest flag is exact.
            let flags = ((quote &- lows) & ~quote | (slash &- lows) & ~slash) & highs
            if flags != 0 { return place &+ flags.trailingZeroBitCount &>> 3 }
            place &+= 8
        }
        while place < count {
            let byte = byte(place)
            if byte == 0x22 || byte == 0x5C { return place }
            place &+= 1
        }
        return count
    }

    /// Moves over the value the cursor stands on and answers its bytes.
    @discardableResult
    mutating func skipValue() -> Range<Int> {
        let start = index
        var depth = 0
        while index < count {
            switch byte(index) {
            case UInt8(ascii: "\""):
                if string() == nil { return start..<index }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                index &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return start..<index }
                depth &-= 1
                index &+= 1
            case UInt8(ascii: ","), UInt8(ascii: " "), 0x0A, 0x0D, 0x09:
                if depth == 0 { return start..<index }
                index &+= 1
                continue
            default:
                index &+= 1
                continue
            }
            if depth == 0 { return start..<index }
        }
        return start..<index
    }

    /// Moves over the object or array the cursor stands on; quicker than ``skipValue()`` in long strings.
    ///
    /// A string is left by looking for its quote alone: one is escaped when an odd number of backslashes stands before
    /// it.
    mutating func skipContainer() {
        var depth = 0
        while index < count {
            switch byte(index) {
            case UInt8(ascii: "\""):
                let start = index &+ 1
                var end = quote(from: start)
                while end < count, isEscaped(end, start) { end = quote(from: end &+ 1) }
                index = min(end &+ 1, count)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                index &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth &-= 1
                index &+= 1
                if depth <= 0 { return }
            default:
                index &+= 1
            }
        }
    }

    @inline(__always)
    private func isEscaped(_ quote: Int, _ start: Int) -> Bool {
        var slashes = 0
        while quote &- slashes > start, byte(quote &- slashes &- 1) == UInt8(ascii: "\\") { slashes &+= 1 }
        return slashes & 1 == 1
    }

    /// Finds the next quote; answers the end of the bytes when there is none.
    @inline(__always)
    private func quote(from start: Int) -> Int {
        let lows: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let pattern: UInt64 = 0x2222_2222_2222_2222
        var place = start
        while place &+ 8 <= count {
            while place &+ 32 <= count {
                let first = word(place) ^ pattern
                let second = word(place &+ 8) ^ pattern
                let third = word(place &+ 16) ^ pattern
                let fourth = word(place &+ 24) ^ pattern
                let near = (first &- lows) & ~first | (second &- lows) & ~second
                let far = (third &- lows) & ~third | (fourth &- lows) & ~fourth
                if (near | far) & highs != 0 { break }
                place &+= 32
            }
            guard place &+ 8 <= count else { break }
            let found = word(place) ^ pattern
            let flags = (found &- lows) & ~found & highs
            if flags != 0 { return place &+ flags.trailingZeroBitCount &>> 3 }
            place &+= 8
        }
        while place < count, byte(place) != 0x22 { place &+= 1 }
        return place
    }

    /// Whether the bytes from an offset are exactly a text.
    @inline(__always)
    func equals(_ start: Int, _ length: Int, _ text: StaticString) -> Bool {
        guard length == text.utf8CodeUnitCount else { return false }
        var offset = 0
        while offset < length {
            if unsafe byte(start &+ offset) != text.utf8Start[offset] { return false }
            offset &+= 1
        }
        return true
    }

    /// Whether a key is a name, compared after unescaping.
    @inline(__always)
    func key(_ key: Text, is name: StaticString) -> Bool {
        key.hasEscapes
            ? decoded(key) == [UInt8](staticString: name)
            : equals(key.start, key.end &- key.start, name)
    }

    /// Whether a key is a name, compared after unescaping.
    func key(_ key: Text, is name: [UInt8]) -> Bool {
        if key.hasEscapes { return decoded(key) == name }
        guard key.end &- key.start == name.count else { return false }
        for offset in name.indices where name[offset] != byte(key.start &+ offset) { return false }
        return true
    }

    /// Copies a string's bytes, unescaped.
    @inline(never)
    func decoded(_ text: Text) -> [UInt8] {
        guard text.hasEscapes else {
            return unsafe Array(UnsafeRawBufferPointer(start: base + text.start, count: text.end - text.start))
        }
        var output: [UInt8] = []
        output.reserveCapacity(text.length)
        var place = text.start
        while place < text.end {
            let byte = byte(place)
            guard byte == UInt8(ascii: "\\"), place &+ 1 < text.end else {
                output.append(byte)
                place &+= 1
                continue
            }
            let escape = escapeLength(at: place)
            appendEscape(at: place, raw: escape.raw, to: &output)
            place &+= escape.raw
        }
        return output
    }

    private func appendEscape(at place: Int, raw: Int, to output: inout [UInt8]) {
        if raw == 2 {
            let letter = byte(place &+ 1)
            switch letter {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            default: output.append(letter)
            }
            return
        }
        var scalar = hexUnit(at: place &+ 2) ?? 0xFFFD
        if raw == 12, let low = hexUnit(at: place &+ 8) { scalar = 0x1_0000 &+ (scalar & 0x3FF) &<< 10 &+ low & 0x3FF }
        let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
        output.append(contentsOf: Unicode.UTF8.encode(character).map(Array.init) ?? [])
    }
}

extension [UInt8] {
    /// Copies the bytes of a literal.
    init(staticString text: StaticString) {
        self = unsafe Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

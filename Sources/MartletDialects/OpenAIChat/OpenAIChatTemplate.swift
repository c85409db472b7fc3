/// The bytes around the output of one event, learned from an event that was parsed.
///
/// Events of a stream differ in little but their text. One whose bytes before and after the text are those of a parsed
/// event says the same as that event, so that only the text's length is left to find; this holds by comparison of every
/// other byte, not by a guess. A second gap stands for random padding.
struct OpenAIChatTemplate: Sendable {
    /// Everything but the gaps, one after another.
    private var literals: [UInt8] = []
    private var prefixCount = 0
    private var middleCount = 0
    private var hasPadding = false

    /// Templates over this size are not worth their comparison.
    private static let largest = 4_096

    /// Makes a template that matches nothing.
    init() {}

    /// Learns from an event; answers whether it could.
    ///
    /// - Parameters:
    ///   - event: The event's bytes.
    ///   - output: The text in the event, quotes included.
    ///   - padding: The padding in the event, quotes included.
    mutating func learn(_ event: UnsafeRawBufferPointer, output: Range<Int>, padding: Range<Int>?) -> Bool {
        var gaps = [output]
        if let padding {
            guard padding.lowerBound >= output.upperBound else { return false }
            gaps.append(padding)
        }
        guard event.count - output.count <= Self.largest, output.count >= 2,
            gaps.allSatisfy({ $0.count >= 2 && $0.upperBound <= event.count })
        else { return false }
        literals.removeAll(keepingCapacity: true)
        var position = 0
        for (index, gap) in gaps.enumerated() {
            unsafe literals.append(contentsOf: event[position...gap.lowerBound])
            position = gap.upperBound - 1
            if index == 0 { prefixCount = literals.count }
        }
        middleCount = literals.count - prefixCount
        hasPadding = padding != nil
        unsafe literals.append(contentsOf: event[position...])
        return true
    }

    /// The unescaped length of the text when an event differs from the learned one in its gaps only.
    @inline(__always)
    func outputBytes(_ event: UnsafeRawBufferPointer) -> Int? {
        guard event.count >= literals.count, prefixCount > 0, let cursor = unsafe JSONCursor(event) else { return nil }
        return unsafe literals.withUnsafeBytes { literals -> Int? in
            guard let known = literals.baseAddress, unsafe cursor.equals(0, known, prefixCount),
                let text = cursor.textEnd(from: prefixCount)
            else { return nil }
            var position = text.end
            var matched = prefixCount
            if hasPadding {
                guard unsafe cursor.equals(position, known + matched, middleCount),
                    let padding = cursor.textEnd(from: position &+ middleCount)
                else { return nil }
                matched &+= middleCount
                position = padding.end
            }
            let rest = literals.count &- matched
            guard cursor.count &- position == rest, unsafe cursor.equals(position, known + matched, rest) else {
                return nil
            }
            return text.length
        }
    }
}

extension JSONCursor {
    /// Where a string that is open at an offset ends, before its quote, and its unescaped length.
    ///
    /// `nil` when it does not end, or has an escape that is not valid (RFC 8259 §7).
    @inline(__always)
    fileprivate func textEnd(from start: Int) -> (end: Int, length: Int)? {
        let end = quoteOrBackslash(from: start)
        guard end < count else { return nil }
        if byte(end) == UInt8(ascii: "\"") { return (end, end &- start) }
        return escapedTextEnd(start: start, from: end)
    }

    @inline(never)
    private func escapedTextEnd(start: Int, from first: Int) -> (end: Int, length: Int)? {
        var place = first
        var length = first &- start
        while place < count {
            if byte(place) == UInt8(ascii: "\"") { return (place, length) }
            guard let escape = validEscape(at: place) else { return nil }
            place &+= escape.raw
            length &+= escape.decoded
            let next = quoteOrBackslash(from: place)
            length &+= next &- place
            place = next
        }
        return nil
    }

    private func validEscape(at place: Int) -> (raw: Int, decoded: Int)? {
        guard place &+ 1 < count else { return nil }
        switch byte(place &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return (2, 1)
        case UInt8(ascii: "u"):
            let escape = escapeLength(at: place)
            // A unit that is no surrogate, or a whole pair; anything else is left to the parser.
            guard escape.raw == 12 || (escape.raw == 6 && !isSurrogate(at: place)) else { return nil }
            return escape
        default: return nil
        }
    }

    private func isSurrogate(at place: Int) -> Bool {
        guard place &+ 4 <= count else { return true }
        return byte(place &+ 2) | 0x20 == UInt8(ascii: "d") && byte(place &+ 3) >= UInt8(ascii: "8")
    }

    /// Whether the bytes from an offset are those at another place.
    @inline(__always)
    fileprivate func equals(_ start: Int, _ other: UnsafeRawPointer, _ length: Int) -> Bool {
        guard start &+ length <= count else { return false }
        let own = unsafe base + start
        var offset = 0
        while offset &+ 8 <= length {
            let left = unsafe own.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let right = unsafe other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if left != right { return false }
            offset &+= 8
        }
        while offset < length {
            let left = unsafe own.load(fromByteOffset: offset, as: UInt8.self)
            let right = unsafe other.load(fromByteOffset: offset, as: UInt8.self)
            if left != right { return false }
            offset &+= 1
        }
        return true
    }
}

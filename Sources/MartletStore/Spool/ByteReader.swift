/// A place in a run of bytes that integers and texts are read from.
///
/// The bytes are handed to each call, so that reading copies and retains nothing. A read past the end answers zero and sets
/// `failed` for good; whoever reads asks once, at the end.
struct ByteReader {
    private(set) var offset: Int
    private let end: Int
    /// Whether a read has failed.
    private(set) var failed = false

    /// Starts at the lower end of a range, which must lie within the bytes of every later call.
    init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Whether everything has been read.
    var isAtEnd: Bool { offset == end }

    mutating func byte(_ bytes: Span<UInt8>) -> UInt8 {
        guard !failed, offset < end else {
            failed = true
            return 0
        }
        defer { offset &+= 1 }
        return bytes[offset]
    }

    mutating func bigEndian(_ bytes: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for _ in 0..<8 { word = word << 8 | UInt64(byte(bytes)) }
        return word
    }

    /// Reads an LEB128 integer of at most 64 bits.
    mutating func varint(_ bytes: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        var shift: UInt64 = 0
        while !failed {
            let byte = byte(bytes)
            let part = UInt64(byte & 0x7F)
            guard shift < 63 || part <= 1 else { break }
            word |= part << shift
            if byte & 0x80 == 0 { return word }
            shift += 7
            guard shift <= 63 else { break }
        }
        failed = true
        return 0
    }

    /// Reads an LEB128 integer that is at most `limit`.
    mutating func varint(_ bytes: Span<UInt8>, limit: UInt64) -> UInt64 {
        let value = varint(bytes)
        if value <= limit { return value }
        failed = true
        return 0
    }

    mutating func zigzag(_ bytes: Span<UInt8>) -> Int64 {
        let word = varint(bytes)
        return Int64(bitPattern: (word >> 1) ^ (0 &- (word & 1)))
    }

    /// Reads a length and steps over that many bytes; fails when the length is over the limit or the rest.
    mutating func run(_ bytes: Span<UInt8>, limit: Int) -> Range<Int> {
        let length = Int(varint(bytes, limit: UInt64(limit)))
        guard !failed, length <= end - offset else {
            failed = true
            return offset..<offset
        }
        defer { offset += length }
        return offset..<(offset + length)
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ word: UInt64) {
        unsafe Swift.withUnsafeBytes(of: word.bigEndian) { unsafe append(contentsOf: $0) }
    }

    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func appendZigzag(_ value: Int64) {
        appendVarint(UInt64(bitPattern: value) << 1 ^ UInt64(bitPattern: value >> 63))
    }

    /// Appends a length and the text, cut at a character boundary when it is over the limit.
    mutating func appendText(_ text: String, limit: Int) {
        let view = text.utf8
        var count = view.count
        if count > limit {
            var end = view.index(view.startIndex, offsetBy: limit)
            // 0b10xxxxxx continues a character (RFC 3629 §3): step back to its first byte.
            while end > view.startIndex, view[end] & 0xC0 == 0x80 { end = view.index(before: end) }
            count = view.distance(from: view.startIndex, to: end)
        }
        appendVarint(UInt64(count))
        // One copy of memory; going through the view's iterator costs half of encoding a record.
        let copied: Void? = unsafe view.withContiguousStorageIfAvailable { bytes in
            unsafe append(contentsOf: UnsafeBufferPointer(rebasing: bytes.prefix(count)))
        }
        if copied == nil { append(contentsOf: view.prefix(count)) }
    }
}

/// Reads the integers and strings of a spool payload; a read past the end answers `nil` and sets `failed` for good.
struct ByteReader {
    private let source: ArraySlice<UInt8>
    private var offset: Int
    /// Whether a read has failed.
    private(set) var failed = false

    init(_ source: ArraySlice<UInt8>) {
        self.source = source
        offset = source.startIndex
    }

    /// Whether everything has been read.
    var isAtEnd: Bool { offset == source.endIndex }

    mutating func byte() -> UInt8? {
        guard !failed, offset < source.endIndex else {
            failed = true
            return nil
        }
        defer { offset &+= 1 }
        return source[offset]
    }

    mutating func bigEndian() -> UInt64? {
        var word: UInt64 = 0
        for _ in 0..<8 {
            guard let byte = byte() else { return nil }
            word = word << 8 | UInt64(byte)
        }
        return word
    }

    /// Reads an LEB128 integer of at most 64 bits.
    mutating func varint() -> UInt64? {
        var word: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = byte() {
            let part = UInt64(byte & 0x7F)
            guard shift < 63 || part <= 1 else { break }
            word |= part << shift
            if byte & 0x80 == 0 { return word }
            shift += 7
            guard shift <= 63 else { break }
        }
        failed = true
        return nil
    }

    mutating func zigzag() -> Int64? {
        varint().map { Int64(bitPattern: ($0 >> 1) ^ (0 &- ($0 & 1))) }
    }

    /// Reads a length and that many bytes; `nil` when the length is over the limit or the rest.
    mutating func bytes(limit: Int) -> [UInt8]? {
        guard let length = varint(), length <= UInt64(limit), Int(length) <= source.endIndex - offset else {
            failed = true
            return nil
        }
        defer { offset += Int(length) }
        return Array(source[offset..<(offset + Int(length))])
    }

    /// Reads a string; bytes that are no UTF-8 become U+FFFD.
    mutating func text(limit: Int) -> String? {
        bytes(limit: limit).map { String(decoding: $0, as: UTF8.self) }
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

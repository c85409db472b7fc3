/// Where one field stands in its block.
struct HTTPFieldRange: Sendable, Equatable {
    var nameStart: UInt32
    var nameEnd: UInt32
    var valueStart: UInt32
    var valueEnd: UInt32

    var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}

/// Gathers the lines of a head or of a trailer section, strictly, up to the empty line that ends it.
///
/// Every rule is applied to a complete line or at a fixed byte count, so the outcome does not depend on the cuts.
///
/// - SeeAlso: RFC 9112 §2.2, §4, §5.
struct HTTPFieldBlock: Sendable {
    /// The bytes so far, with their line endings.
    private(set) var bytes: [UInt8] = []
    private(set) var fields: [HTTPFieldRange] = []
    private(set) var status: HTTPStatusLine?
    private let hasStatusLine: Bool
    private var lineStart = 0

    init(hasStatusLine: Bool) {
        self.hasStatusLine = hasStatusLine
    }

    /// Forgets everything but the memory.
    mutating func reset() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 8 * 1024)
        fields.removeAll(keepingCapacity: true)
        status = nil
        lineStart = 0
    }

    /// Takes in bytes from an offset on.
    ///
    /// - Returns: The offset just after the empty line, or `nil` when more bytes are needed.
    mutating func consume(
        _ buffer: UnsafeRawBufferPointer,
        from start: Int,
        _ limits: HTTPReadLimits,
    ) throws(HTTPReadError) -> Int? {
        if hasStatusLine && bytes.count < HTTPStatusLine.prefix.count {
            guard unsafe beginsAsStatusLine(buffer, start) else { throw .statusLine }
        }
        if bytes.isEmpty && start < buffer.count {
            bytes.reserveCapacity(1024)
            fields.reserveCapacity(16)
        }
        var position = start
        while position < buffer.count {
            let end = unsafe ByteSearch.firstIndex(of: 0x0A, in: buffer, from: position)
            try check(bytes.count + (end ?? buffer.count) - position, endsLine: end != nil, limits)
            let next = (end ?? buffer.count - 1) + 1
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[position..<next]))
            position = next
            if end != nil, try endLine(limits) { return position }
        }
        return nil
    }

    /// Compares the first bytes at once, so that a peer that speaks something else is refused without waiting for a line.
    private func beginsAsStatusLine(_ buffer: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        var index = bytes.count
        var position = start
        while index < HTTPStatusLine.prefix.count && position < buffer.count {
            guard unsafe buffer[position] == HTTPStatusLine.prefix[index] else { return false }
            index += 1
            position += 1
        }
        return true
    }

    /// Applies the limits; when both are passed, the one that was passed first decides.
    ///
    /// - Parameter count: The bytes of the block up to here, without the LF when one follows.
    private func check(_ count: Int, endsLine: Bool, _ limits: HTTPReadLimits) throws(HTTPReadError) {
        // One byte more than the limit can still be the CR of the line's ending.
        let lineLimit = lineStart + limits.maxLine + 1
        let isLineOver = count > lineLimit
        let isBlockOver = count + (endsLine ? 1 : 0) > limits.maxHead
        if isLineOver && (!isBlockOver || lineLimit <= limits.maxHead) { throw .fieldTooLong }
        if isBlockOver { throw .headTooLong }
    }

    /// Takes the line that has just been completed apart; answers whether it was the empty one.
    private mutating func endLine(_ limits: HTTPReadLimits) throws(HTTPReadError) -> Bool {
        let end = bytes.count - 2
        guard end >= lineStart, bytes[end] == 0x0D else { throw .lineEnding }
        defer { lineStart = bytes.count }
        if hasStatusLine && status == nil {
            guard let line = HTTPStatusLine(bytes[lineStart..<end]) else { throw .statusLine }
            status = line
            return false
        }
        if end == lineStart { return true }
        guard fields.count < limits.maxFields else { throw .tooManyFields }
        let field = try unsafe bytes.withUnsafeBufferPointer { bytes throws(HTTPReadError) in
            try unsafe Self.parseField(bytes, lineStart, end)
        }
        fields.append(field)
        return false
    }

    private static func parseField(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ start: Int,
        _ end: Int,
    ) throws(HTTPReadError) -> HTTPFieldRange {
        if unsafe isBlank(bytes[start]) { throw .lineFolding }
        var colon = start
        while unsafe colon < end && HTTPField.isTokenByte(bytes[colon]) { colon += 1 }
        guard unsafe colon > start && colon < end && bytes[colon] == UInt8(ascii: ":") else { throw .fieldName }
        var valueStart = colon + 1
        var valueEnd = end
        while unsafe valueStart < valueEnd && isBlank(bytes[valueStart]) { valueStart += 1 }
        while unsafe valueEnd > valueStart && isBlank(bytes[valueEnd - 1]) { valueEnd -= 1 }
        for index in valueStart..<valueEnd where unsafe !HTTPField.isValueByte(bytes[index]) { throw .fieldValue }
        guard let nameStart = UInt32(exactly: start), let nameEnd = UInt32(exactly: colon),
            let first = UInt32(exactly: valueStart), let last = UInt32(exactly: valueEnd)
        else { throw .headTooLong }
        return HTTPFieldRange(nameStart: nameStart, nameEnd: nameEnd, valueStart: first, valueEnd: last)
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

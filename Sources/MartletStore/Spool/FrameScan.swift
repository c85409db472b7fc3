/// What a run of segment bytes holds: the records that are whole, and what lies between them.
struct FrameScan: Sendable {
    /// The bytes.
    let content: [UInt8]
    /// The records in file order.
    var outlines: [RecordOutline] = []
    /// Ranges that are no frame although a whole frame follows, or frames whose payload cannot be read.
    var badRanges: [Range<Int>] = []
    /// The bytes after the last whole frame, when they are not all zero.
    var tornTail: Range<Int>?

    /// Reads `content` from its start; it must start at a frame.
    ///
    /// A place that is no frame is skipped up to the next place whose mark, length and checksum fit. When there is none,
    /// the rest is the tail: zeros are unused room, anything else is a record that was never finished.
    init(_ content: [UInt8]) {
        self.content = content
        // A record of the usual size takes about 110 bytes.
        outlines.reserveCapacity(min(content.count / 96, 1 << 14))
        let bytes = content.span
        var offset = 0
        while offset < bytes.count {
            if let length = Frame.length(in: bytes, at: offset) {
                let frame = offset..<(offset + length)
                let payload = (offset + Frame.headerBytes)..<frame.upperBound
                if let outline = RecordCodec.outline(of: payload, in: bytes) {
                    outlines.append(outline)
                } else {
                    badRanges.append(frame)
                }
                offset += length
                continue
            }
            guard let next = Self.nextFrame(in: bytes, after: offset) else {
                if let end = Self.endOfContent(in: bytes, from: offset) { tornTail = offset..<end }
                return
            }
            badRanges.append(offset..<next)
            offset = next
        }
    }

    private static func nextFrame(in bytes: Span<UInt8>, after offset: Int) -> Int? {
        var candidate = offset + 1
        while candidate < bytes.count {
            if Frame.length(in: bytes, at: candidate) != nil { return candidate }
            candidate += 1
        }
        return nil
    }

    /// The offset behind the last byte that is not zero; `nil` when all are.
    private static func endOfContent(in bytes: Span<UInt8>, from offset: Int) -> Int? {
        var end = bytes.count
        while end > offset, bytes[end - 1] == 0 { end -= 1 }
        return end > offset ? end : nil
    }
}

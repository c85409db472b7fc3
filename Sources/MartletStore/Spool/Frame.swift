import MartletGovernance

/// The framing of a segment: a header, then frames, then zeros.
///
/// A frame is `A7 4D`, the CRC32C of all that follows in it (four bytes, little-endian), the payload's length (two bytes,
/// little-endian), then the payload. The two marking bytes let a reader that lost its place find the next frame.
enum Frame {
    /// Bytes before the payload.
    static let headerBytes = 8
    private static let mark: (UInt8, UInt8) = (0xA7, 0x4D)

    /// Appends one framed record to `bytes`.
    static func append(_ record: LedgerRecord, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(mark.0)
        bytes.append(mark.1)
        for _ in 0..<6 { bytes.append(0) }
        RecordCodec.encode(record, into: &bytes)
        let length = bytes.count &- start &- headerBytes
        bytes[start + 6] = UInt8(truncatingIfNeeded: length)
        bytes[start + 7] = UInt8(truncatingIfNeeded: length >> 8)
        let crc = CRC32C.checksum(bytes.span.extracting((start + 6)..<bytes.count))
        for index in 0..<4 { bytes[start + 2 + index] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(index))) }
    }

    /// The length of the whole valid frame at `offset`; `nil` when there is none.
    static func length(in bytes: Span<UInt8>, at offset: Int) -> Int? {
        guard bytes.count - offset > headerBytes, bytes[offset] == mark.0, bytes[offset + 1] == mark.1 else {
            return nil
        }
        let payload = Int(bytes[offset + 6]) | Int(bytes[offset + 7]) << 8
        guard payload > 0, payload <= RecordCodec.maxPayloadBytes, payload <= bytes.count - offset - headerBytes else {
            return nil
        }
        var stored: UInt32 = 0
        for index in 0..<4 { stored |= UInt32(bytes[offset + 2 + index]) << (8 * UInt32(index)) }
        let end = offset + headerBytes + payload
        return CRC32C.checksum(bytes.extracting((offset + 6)..<end)) == stored ? end - offset : nil
    }
}

/// The first bytes of a segment file.
struct SegmentHeader: Equatable {
    /// Bytes of the header.
    static let bytes = 32
    private static let magic: [UInt8] = Array("mtspool1".utf8)

    /// The segment's number in its directory; also its file name.
    var number: UInt64
    /// A random number that the store remembers the read position by, so that a directory that starts over at number 1
    /// is never mistaken for the one before.
    var nonce: UInt64

    var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.appendBigEndian(number)
        bytes.appendBigEndian(nonce)
        bytes.appendBigEndian(UInt64(CRC32C.checksum(bytes.span)))
        return bytes
    }

    init(number: UInt64, nonce: UInt64) {
        self.number = number
        self.nonce = nonce
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.bytes else { return nil }
        var reader = ByteReader(0..<Self.bytes)
        for expected in Self.magic { guard reader.byte(bytes.span) == expected else { return nil } }
        number = reader.bigEndian(bytes.span)
        nonce = reader.bigEndian(bytes.span)
        guard reader.bigEndian(bytes.span) == UInt64(CRC32C.checksum(bytes.span.extracting(0..<24))) else { return nil }
    }
}

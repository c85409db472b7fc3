/// The CRC-32 of zip and PNG (ISO 3309): polynomial 0xEDB88320 reflected, all ones at the start and the end.
///
/// Its check value, that of the bytes `123456789`, is 0xCBF43926. Eight table look-ups take eight bytes at a time.
struct CRC32 {
    private var state = UInt32.max

    /// Starts a checksum of nothing.
    init() {}

    /// The checksum of all bytes that were added.
    var value: UInt32 { ~state }

    /// Adds bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let tables = Self.tables.span
        var crc = state
        var offset = 0
        while bytes.count &- offset >= 8 {
            let word = unsafe UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let mixed = word ^ UInt64(crc)
            crc = tables[1_792 &+ Int(mixed & 255)] ^ tables[1_536 &+ Int(mixed >> 8 & 255)]
            crc ^= tables[1_280 &+ Int(mixed >> 16 & 255)] ^ tables[1_024 &+ Int(mixed >> 24 & 255)]
            crc ^= tables[768 &+ Int(mixed >> 32 & 255)] ^ tables[512 &+ Int(mixed >> 40 & 255)]
            crc ^= tables[256 &+ Int(mixed >> 48 & 255)] ^ tables[Int(mixed >> 56)]
            offset &+= 8
        }
        while offset < bytes.count {
            let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
            crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
            offset &+= 1
        }
        state = crc
    }

    /// Eight tables of 256 words, one after the other.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 2_048)
        for index in 0..<256 {
            var word = UInt32(index)
            for _ in 0..<8 { word = word >> 1 ^ (word & 1 == 1 ? 0xEDB8_8320 : 0) }
            tables[index] = word
        }
        for index in 256..<2_048 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 255)]
        }
        return tables
    }()
}

/// The Castagnoli cyclic redundancy check of the spool's frames.
///
/// Reflected polynomial 0x82F63B78, initial value and final XOR all ones (RFC 3720 §12.1; check value of "123456789" is
/// 0xE3069283). Eight table look-ups take eight bytes at a time.
enum CRC32C {
    private static let tables: [UInt32] = makeSlicingTables(polynomial: 0x82F6_3B78)

    /// Computes the checksum of a run of bytes.
    static func checksum(_ bytes: Span<UInt8>) -> UInt32 { slicedChecksum(bytes, tables: tables.span) }
}

/// The CRC-32 of zip and PNG (ISO 3309), which closes a gateway key.
enum CRC32 {
    private static let tables: [UInt32] = makeSlicingTables(polynomial: 0xEDB8_8320)

    /// Computes the checksum of a run of bytes.
    static func checksum(_ bytes: Span<UInt8>) -> UInt32 { slicedChecksum(bytes, tables: tables.span) }
}

/// Eight tables of 256 words, one after the other, for a reflected polynomial.
private func makeSlicingTables(polynomial: UInt32) -> [UInt32] {
    var tables = [UInt32](repeating: 0, count: 2_048)
    for index in 0..<256 {
        var word = UInt32(index)
        for _ in 0..<8 { word = (word >> 1) ^ (word & 1 == 1 ? polynomial : 0) }
        tables[index] = word
    }
    for index in 256..<2_048 {
        let before = tables[index - 256]
        tables[index] = (before >> 8) ^ tables[Int(before & 255)]
    }
    return tables
}

private func slicedChecksum(_ bytes: Span<UInt8>, tables: Span<UInt32>) -> UInt32 {
    var crc = UInt32.max
    var index = 0
    while bytes.count &- index >= 8 {
        let low =
            crc
            ^ (UInt32(bytes[index]) | UInt32(bytes[index &+ 1]) << 8 | UInt32(bytes[index &+ 2]) << 16
                | UInt32(bytes[index &+ 3]) << 24)
        let first = tables[1_792 &+ Int(low & 255)] ^ tables[1_536 &+ Int((low >> 8) & 255)]
        let second = tables[1_280 &+ Int((low >> 16) & 255)] ^ tables[1_024 &+ Int(low >> 24)]
        let third = tables[768 &+ Int(bytes[index &+ 4])] ^ tables[512 &+ Int(bytes[index &+ 5])]
        let fourth = tables[256 &+ Int(bytes[index &+ 6])] ^ tables[Int(bytes[index &+ 7])]
        crc = first ^ second ^ third ^ fourth
        index &+= 8
    }
    while index < bytes.count {
        crc = (crc >> 8) ^ tables[Int((crc ^ UInt32(bytes[index])) & 255)]
        index &+= 1
    }
    return ~crc
}

/// Writes text as JSON strings.
public enum JSONString {
    /// Appends text with everything escaped that a JSON string must not hold, without the quotes.
    ///
    /// Escaped are `"`, `\` and control characters (as `\n` and the like where JSON has a short form); other text passes
    /// as it is. Bytes that are not UTF-8 become U+FFFD, so that the result is always valid.
    ///
    /// - Parameters:
    ///   - text: The text, in UTF-8.
    ///   - output: Where to append.
    /// - SeeAlso: RFC 8259 §7.
    public static func escape(_ text: borrowing Span<UInt8>, into output: inout [UInt8]) {
        unsafe text.withUnsafeBytes { unsafe escape($0, into: &output) }
    }

    /// Appends text with everything escaped that a JSON string must not hold, without the quotes.
    ///
    /// - Parameters:
    ///   - text: The text, in UTF-8; what is not becomes U+FFFD.
    ///   - output: Where to append.
    public static func escape(_ text: [UInt8], into output: inout [UInt8]) { escape(text.span, into: &output) }

    static func escape(_ buffer: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        guard let bytes = unsafe JSONBytes(buffer) else { return }
        var written = 0
        var index = 0
        while true {
            index = bytes.textStop(from: index)
            if index < bytes.count, bytes.byte(index) >= 0x80 {
                index = bytes.multiByteEnd(from: index)
                guard index < bytes.count, bytes.byte(index) >= 0x80 else { continue }
                if case .unit(let length, _) = bytes.multiByteStep(at: index) {
                    index += length
                    continue
                }
            }
            if index > written { unsafe output.append(contentsOf: bytes.slice(written..<index)) }
            guard index < bytes.count else { return }
            appendEscape(of: bytes.byte(index), to: &output)
            index += 1
            written = index
        }
    }

    private static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
        let letter: UInt8
        switch byte {
        case ASCII.quote, ASCII.backslash: letter = byte
        case 0x08: letter = 0x62
        case 0x09: letter = 0x74
        case 0x0A: letter = 0x6E
        case 0x0C: letter = 0x66
        case 0x0D: letter = 0x72
        case 0x80...:
            output.append(0xEF)
            output.append(0xBF)
            output.append(0xBD)
            return
        default:
            let low = byte & 15
            output.append(ASCII.backslash)
            output.append(0x75)
            output.append(ASCII.zero)
            output.append(ASCII.zero)
            output.append(ASCII.zero + byte &>> 4)
            output.append(low < 10 ? ASCII.zero + low : 0x61 + low - 10)
            return
        }
        output.append(ASCII.backslash)
        output.append(letter)
    }
}

/// Object keys that mean something for token estimates.
///
/// Names of the OpenAI, Anthropic and Gemini request formats.
enum JSONKeyNames {
    /// What a key says about its value.
    struct Meaning {
        /// Bit 0: a string value is text; bit 1: so are the strings of an array value.
        var text: UInt8
        /// 1 when the member is an image.
        var image: Int
    }

    /// A number in 0..<64 for the first bytes of a key, different from those of common keys for each name below.
    @inline(__always)
    static func slot(_ prefix: UInt64) -> UInt64 { (prefix &* 0xF66D_824B_CFCC_872F) &>> 58 }

    /// Tells, almost always rightly and at the cost of a multiplication, that a key means nothing.
    @inline(__always)
    static func isPlain(_ prefix: UInt64) -> Bool { (0x1000_004C_040C_8400 as UInt64) &>> slot(prefix) & 1 == 0 }

    /// Looks a key up.
    ///
    /// - Parameters:
    ///   - prefix: Its first up to eight bytes, little-endian and zero-filled.
    ///   - length: Its length in bytes.
    @inline(never)
    static func meaning(_ bytes: JSONBytes, _ start: Int, _ length: Int, _ prefix: UInt64) -> Meaning {
        if length <= 8 {
            switch prefix {
            case 0x0074_6E65_746E_6F63 where length == 7: return Meaning(text: 1, image: 0)  // content
            case 0x7478_6574 where length == 4: return Meaning(text: 1, image: 0)  // text
            case 0x6D65_7473_7973 where length == 6: return Meaning(text: 1, image: 0)  // system
            case 0x0074_7570_6E69 where length == 5: return Meaning(text: 3, image: 0)  // input
            case 0x7470_6D6F_7270 where length == 6: return Meaning(text: 3, image: 0)  // prompt
            case 0x0065_6761_6D69 where length == 5: return Meaning(text: 0, image: 1)  // image
            case 0x6563_7275_6F73 where length == 6: return Meaning(text: 0, image: 1)  // source
            default: return Meaning(text: 0, image: 0)
            }
        }
        return length > 12 ? Meaning(text: 0, image: 0) : longMeaning(bytes, start, length, prefix)
    }

    private static func longMeaning(_ bytes: JSONBytes, _ start: Int, _ length: Int, _ prefix: UInt64) -> Meaning {
        let tail = bytes.prefixWord(start + length - 4, 4)
        switch (length, prefix, tail) {
        case (9, 0x72755F65_67616D69, 0x6C72_755F): return Meaning(text: 0, image: 1)  // image_url
        case (11, 0x6D695F74_75706E69, 0x6567_616D): return Meaning(text: 0, image: 1)  // input_image
        case (12, 0x74637572_74736E69, 0x736E_6F69): return Meaning(text: 1, image: 0)  // instructions
        default: return Meaning(text: 0, image: 0)
        }
    }
}

/// A `data:` URL with base64 content.
///
/// - SeeAlso: RFC 2397; RFC 4648 §4.
struct DataURL {
    /// The media type in lower case, without parameters; empty when there is none.
    var mediaType: String
    /// The content, still in base64.
    var base64: String

    /// Takes a URL apart; `nil` when it is no `data:` URL or its content is not base64.
    init?(_ url: String) {
        let bytes = url.utf8
        guard bytes.count >= 5, bytes.prefix(5).elementsEqual("data:".utf8) || url.prefix(5).lowercased() == "data:",
            let comma = bytes.firstIndex(of: UInt8(ascii: ","))
        else { return nil }
        let head = url[bytes.index(bytes.startIndex, offsetBy: 5)..<comma].lowercased()
        let fields = head.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let last = fields.last, fields.count > 1, last.elementsEqual("base64".utf8) else { return nil }
        mediaType = String(fields[0]) ?? ""
        base64 = String(url[bytes.index(after: comma)...])
    }

    /// Decodes base64; white space is skipped, padding may be missing, `nil` for anything else.
    static func decode(_ base64: String) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(base64.utf8.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in base64.utf8 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            bits = bits &<< 6 | UInt32(value)
            count += 1
            guard count == 4 else { continue }
            for shift: UInt32 in [16, 8, 0] { decoded.append(UInt8(truncatingIfNeeded: bits &>> shift)) }
            (bits, count) = (0, 0)
        }
        guard count != 1, padding <= 2 else { return nil }
        if count >= 2 { decoded.append(UInt8(truncatingIfNeeded: count == 2 ? bits &>> 4 : bits &>> 10)) }
        if count == 3 { decoded.append(UInt8(truncatingIfNeeded: bits &>> 2)) }
        return decoded
    }
}

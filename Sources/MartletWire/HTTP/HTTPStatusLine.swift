/// The status line of a response: `HTTP/1.1 200 OK`.
///
/// - SeeAlso: RFC 9112 §4.
struct HTTPStatusLine: Sendable, Equatable {
    /// The status code, 100...599.
    var code: Int
    /// The minor version, 0 or 1.
    var minorVersion: Int

    /// What every status line begins with.
    static let prefix: [UInt8] = Array("HTTP/1.".utf8)

    /// Parses a line without its CRLF; `nil` when it is malformed.
    ///
    /// The space after the code is required even when the reason is empty.
    init?(_ line: ArraySlice<UInt8>) {
        let start = line.startIndex
        guard line.count >= 13, line.starts(with: Self.prefix), line[start + 8] == 0x20, line[start + 12] == 0x20 else {
            return nil
        }
        switch line[start + 7] {
        case UInt8(ascii: "0"): minorVersion = 0
        case UInt8(ascii: "1"): minorVersion = 1
        default: return nil
        }
        guard let code = line[(start + 9)..<(start + 12)].decimal, code >= 100, code <= 599 else { return nil }
        self.code = code
        for byte in line[(start + 13)...] where !HTTPField.isValueByte(byte) { return nil }
    }
}

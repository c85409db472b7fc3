/// The sections of a file in the form of AWS's `credentials` and `config`.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files" (November 2026): `#` and `;` begin a
/// comment on a line of their own, or after a blank; names of keys ignore case; indented lines belong to the key above.
public struct INIFile: Sendable, Hashable {
    /// The keys of each section, in lower case, with their values; of a repeated key the last one counts.
    ///
    /// Headers of sections stand as they are written, with quotes and without outer blanks.
    public private(set) var sections: [String: [String: String]] = [:]

    /// The largest file that is read, in bytes.
    public static let largest = 1 << 20

    /// Reads a file; lines that are neither a section nor `key = value` are passed over, as AWS's clients do.
    public init(_ bytes: [UInt8]) {
        guard bytes.count <= Self.largest else { return }
        var section: String?
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            guard let first = line.first, !Self.isBlank(first) else { continue }
            switch first {
            case UInt8(ascii: "#"), UInt8(ascii: ";"): continue
            case UInt8(ascii: "["):
                guard let end = line.lastIndex(of: UInt8(ascii: "]")) else {
                    section = nil
                    continue
                }
                section = Self.trimmed(line[(line.startIndex + 1)..<end])
                if let section, sections[section] == nil { sections[section] = [:] }
            default:
                guard let section, let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let key = Self.words(line[..<equals]).lowercased()
                guard !key.isEmpty else { continue }
                sections[section]?[key] = Self.value(line[(equals + 1)...])
            }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// A name with one space between its words.
    private static func words(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.split(whereSeparator: isBlank).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    /// A value without outer blanks and without the comment behind it.
    private static func value(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        var at = bytes.startIndex
        while at + 1 < bytes.endIndex {
            if isBlank(bytes[at]), bytes[at + 1] == UInt8(ascii: "#") || bytes[at + 1] == UInt8(ascii: ";") {
                bytes = bytes[..<at]
                break
            }
            at += 1
        }
        return trimmed(bytes)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

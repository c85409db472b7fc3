/// One step into a document.
enum SchemaStep {
    case name([UInt8])
    case index(Int)
}

/// Writes JSON pointers.
///
/// - SeeAlso: RFC 6901.
enum SchemaPointer {
    /// The longest name that is shown whole, in bytes: names come from outside.
    private static let longestName = 64
    /// The most steps that are shown.
    private static let mostSteps = 16

    /// Writes a pointer; a long name or path is cut, with `…` where something is missing.
    static func text(_ steps: [SchemaStep]) -> String {
        var bytes: [UInt8] = []
        for step in steps.prefix(mostSteps) {
            bytes.append(UInt8(ascii: "/"))
            switch step {
            case .index(let index): bytes.append(contentsOf: String(index).utf8)
            case .name(let name): append(name, to: &bytes)
            }
        }
        if steps.count > mostSteps { bytes.append(contentsOf: "/…".utf8) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A name for use in a sentence: in quotes, cut, without control characters.
    static func quoted(_ name: [UInt8]) -> String {
        var bytes: [UInt8] = [ASCII.quote]
        JSONString.escape(cut(name), into: &bytes)
        if name.count > longestName { bytes.append(contentsOf: "…".utf8) }
        bytes.append(ASCII.quote)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes a pointer apart; `nil` when it is none.
    static func names(_ pointer: ArraySlice<UInt8>) -> [[UInt8]]? {
        guard let first = pointer.first else { return [] }
        guard first == UInt8(ascii: "/") else { return nil }
        return pointer.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { part in
            var name: [UInt8] = []
            var isEscape = false
            for byte in part {
                if isEscape {
                    name.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~"))
                    isEscape = false
                } else if byte == UInt8(ascii: "~") {
                    isEscape = true
                } else {
                    name.append(byte)
                }
            }
            return name
        }
    }

    private static func append(_ name: [UInt8], to bytes: inout [UInt8]) {
        for byte in cut(name) {
            switch byte {
            case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
            case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
            case 0..<0x20, 0x7F: bytes.append(UInt8(ascii: "?"))
            default: bytes.append(byte)
            }
        }
        if name.count > longestName { bytes.append(contentsOf: "…".utf8) }
    }

    /// The first bytes of a name, whole characters only.
    private static func cut(_ name: [UInt8]) -> [UInt8] {
        guard name.count > longestName else { return name }
        var end = longestName
        while end > 0, name[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(name[..<end])
    }
}

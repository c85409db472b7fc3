import MartletCore

/// Collects the JSON paths of what a dialect cannot carry.
struct DroppedPaths {
    /// The paths, each once, in the order in which they were added.
    private(set) var paths: [String] = []
    private var known: Set<String> = []

    /// Names a member.
    mutating func add(_ path: String) {
        if known.insert(path).inserted { paths.append(path) }
    }

    /// Names a member of the object at a path; the empty path is the body.
    mutating func add(_ name: String, in path: String) { add(Self.path(path, name)) }

    /// Names each of the members that says something; null is the same as absent.
    mutating func add(_ extra: [ExtraMember], in path: String) {
        for member in extra where !(path.isEmpty ? member.saysNothing : member.isNull) { add(member.name, in: path) }
    }

    /// The path of a member of the object at a path.
    ///
    /// Names that are not plain are cut, quoted, and rid of what cannot stand in a header.
    static func path(_ path: String, _ name: String) -> String {
        let isPlain =
            !name.isEmpty && name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                byte == 0x5F || byte == 0x2D || byte == 0x24 || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
            }
        if isPlain { return path.isEmpty ? name : "\(path).\(name)" }
        var clean = ""
        for byte in name.utf8.prefix(64) {
            let isKept = byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            clean.unicodeScalars.append(Unicode.Scalar(isKept ? byte : UInt8(ascii: "?")))
        }
        return "\(path)[\"\(clean)\"]"
    }
}

extension ExtraMember {
    /// Whether the value is null.
    var isNull: Bool { value.bytes.elementsEqual("null".utf8) }
}

extension [ExtraMember] {
    /// The value of a member, unless it is null.
    func value(_ name: String) -> JSONText? {
        first { $0.name.utf8.elementsEqual(name.utf8) && !$0.isNull }?.value
    }

    /// The members without those of some names.
    func without(_ names: String...) -> [ExtraMember] {
        filter { member in !names.contains { $0.utf8.elementsEqual(member.name.utf8) } }
    }
}

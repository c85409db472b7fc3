import MartletWire

/// A leaf of a document: its path as dropped members are named, the last name on it, and its text.
struct NamedLeaf {
    var path: String
    var name: String
    var text: String

    /// All leaves of a document but nulls, in order.
    static func all(_ bytes: [UInt8]) throws -> [NamedLeaf] {
        try JSONDocument(bytes).withView { view in
            var found: [NamedLeaf] = []
            collect(view, "", "", &found)
            return found
        }
    }

    /// Whether the leaf's path, or one above it, is among those that were dropped.
    func isNamed(in dropped: [String]) -> Bool {
        dropped.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
    }

    private static func collect(_ view: JSONView, _ path: String, _ name: String, _ found: inout [NamedLeaf]) {
        switch view.kind {
        case .object:
            for member in view.members {
                let key = member.key.string() ?? ""
                // The paths of names that cannot stand in a header are quoted and cleaned.
                let clean = String(decoding: key.utf8.map { $0 < 0x7F ? $0 : 0x3F }, as: UTF8.self)
                let isPlain = !key.contains(" ") && clean == key
                let next = isPlain ? (path.isEmpty ? key : "\(path).\(key)") : "\(path)[\"\(clean)\"]"
                collect(member.value, next, key, &found)
            }
        case .array:
            for (index, element) in view.elements.enumerated() { collect(element, "\(path)[\(index)]", name, &found) }
        case .null: break
        case .string: found.append(NamedLeaf(path: path, name: name, text: view.string() ?? ""))
        case .number, .true, .false:
            found.append(NamedLeaf(path: path, name: name, text: String(decoding: view.rawBytes, as: UTF8.self)))
        }
    }
}

import MartletWire

/// A document in one spelling, for comparing documents whole: members by name, numbers by value, strings unescaped.
func canonical(_ bytes: [UInt8]) throws -> String { try JSONDocument(bytes).withView { canonical($0) } }

/// A value in one spelling.
func canonical(_ view: JSONView) -> String {
    switch view.kind {
    case .object:
        let members = view.members.map { ($0.key.string() ?? "", canonical($0.value)) }.sorted { $0.0 < $1.0 }
        return "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    case .array: return "[" + view.elements.map { canonical($0) }.joined(separator: ", ") + "]"
    case .string: return "\"" + (view.string() ?? "") + "\""
    case .number: return view.double().map { "\($0)" } ?? String(decoding: view.rawBytes, as: UTF8.self)
    case .true, .false, .null: return String(decoding: view.rawBytes, as: UTF8.self)
    }
}

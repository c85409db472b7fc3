import MartletWire

/// The leaves of a document as `path = value`, numbers as written and strings unescaped, for comparing documents.
func leaves(_ bytes: [UInt8]) throws -> [String: String] {
    try JSONDocument(bytes).withView { view in
        var leaves: [String: String] = [:]
        collect(view, "", &leaves)
        return leaves
    }
}

private func collect(_ view: JSONView, _ path: String, _ leaves: inout [String: String]) {
    switch view.kind {
    case .object:
        for member in view.members { collect(member.value, path + "." + (member.key.string() ?? ""), &leaves) }
    case .array:
        for (index, element) in view.elements.enumerated() { collect(element, path + "[\(index)]", &leaves) }
    case .string: leaves[path] = "\"" + (view.string() ?? "")
    case .null: break
    case .number: leaves[path] = view.double().map { "\($0)" } ?? String(decoding: view.rawBytes, as: UTF8.self)
    case .true, .false: leaves[path] = String(decoding: view.rawBytes, as: UTF8.self)
    }
}

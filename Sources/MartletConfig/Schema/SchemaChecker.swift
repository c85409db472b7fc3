internal import MartletCore

/// Checks a table against its schema and spells its keys by their canonical names.
///
/// What is wrong is reported and left out, so that what remains has the types that the schema says.
struct SchemaChecker {
    private(set) var diagnostics: [ConfigDiagnostic] = []
    /// Whether findings about unbuilt keys are left out for an entry that is reported as a whole.
    private let isReportedElsewhere: (_ path: [String], _ table: ConfigTable) -> Bool

    init(isReportedElsewhere: @escaping ([String], ConfigTable) -> Bool = { _, _ in false }) {
        self.isReportedElsewhere = isReportedElsewhere
    }

    /// Checks a table.
    ///
    /// - Parameters:
    ///   - quiet: Whether unbuilt keys below have been reported with a parent.
    mutating func check(
        _ table: ConfigTable,
        _ schema: SchemaTable,
        path: [String],
        quiet: Bool = false
    ) -> ConfigTable {
        let quiet = quiet || isReportedElsewhere(path, table)
        var out = ConfigTable()
        var spelled: [String: String] = [:]
        for (name, node) in table.entries {
            guard let key = schema.key(name) else {
                if let named = schema.named {
                    if let node = check(node, named, path: path + [name], quiet: quiet) { out[name] = node }
                } else {
                    unknown(name, node, schema, path)
                }
                continue
            }
            if !key.isBuilt, !quiet, !isDefault(node, of: key) {
                diagnostics.append(
                    .init(
                        .warning,
                        at: node.origin,
                        "\(place(path + [key.name])) is known, not yet available in this version"
                    )
                )
            }
            guard let checked = check(node, key.type, path: path + [key.name], quiet: quiet || !key.isBuilt) else {
                continue
            }
            if let other = spelled[key.name] {
                if case .table(let late) = checked.value, let early = out[key.name],
                    case .table(var merged) = early.value
                {
                    merged.merge(late)
                    out[key.name] = ConfigNode(value: .table(merged), origin: early.origin)
                } else {
                    diagnostics.append(
                        .init(
                            .error,
                            at: node.origin,
                            "\(KeyText.part(name)) and \(KeyText.part(other)) are the same key"
                        )
                    )
                }
                continue
            }
            spelled[key.name] = name
            out[key.name] = checked
        }
        return out
    }

    private mutating func unknown(_ name: String, _ node: ConfigNode, _ schema: SchemaTable, _ path: [String]) {
        let names = schema.keys.map(\.name)
        let suggestion = Suggestion.nearest(to: name, among: names + schema.keys.flatMap(\.synonyms))
        let accepted = suggestion == nil ? "; accepted here: " + names.joined(separator: ", ") : ""
        let scope = path.isEmpty ? "at the top level" : "in [\(KeyText.text(path))]"
        diagnostics.append(
            .init(
                .error,
                at: node.origin,
                "unknown key \(KeyText.part(name)) \(scope)\(accepted)",
                suggestion: suggestion
            )
        )
    }

    private func place(_ path: [String]) -> String {
        path.count == 1 ? "[\(KeyText.text(path))]" : KeyText.text(path)
    }

    /// Checks a value; `nil` when it has been reported and must not be used.
    private mutating func check(_ node: ConfigNode, _ type: SchemaType, path: [String], quiet: Bool) -> ConfigNode? {
        switch type {
        case .open: return node
        case .string:
            if node.string != nil { return node }
        case .boolean:
            if node.boolean != nil { return node }
        case .integer(let range):
            if let number = node.integer { return inRange(node, range.contains(number), range, path) }
            // 30.0 says 30.
            if case .decimal(let number) = node.value, let whole = Int(exactly: number) {
                let integer = ConfigNode(value: .integer(whole), origin: node.origin)
                return inRange(integer, range.contains(whole), range, path)
            }
        case .decimal(let range):
            if let number = node.number { return inRange(node, range.contains(number), range, path) }
        case .choice(let names):
            if let name = node.string {
                if names.contains(name) { return node }
                let suggestion = Suggestion.nearest(to: name, among: names)
                error(node, path, "\"\(KeyText.escaped(name))\" is not \(type.words)", suggestion: suggestion)
                return nil
            }
        case .location:
            if node.string != nil { return node }
            if let table = node.table {
                let parts = SchemaTable(
                    "",
                    [SchemaKey("default", .location, ""), SchemaKey("fallback", .location, "")]
                )
                return ConfigNode(value: .table(check(table, parts, path: path, quiet: quiet)), origin: node.origin)
            }
        case .array(let element):
            if let nodes = node.array {
                let checked = nodes.compactMap { check($0, element, path: path, quiet: quiet) }
                return ConfigNode(value: .array(checked), origin: node.origin)
            }
        case .table(let schema):
            if let table = node.table {
                return ConfigNode(value: .table(check(table, schema, path: path, quiet: quiet)), origin: node.origin)
            }
        case .either(let first, let second):
            // A table is told what is wrong in it, not that it should have been something else.
            if node.table != nil, case .table = second { return check(node, second, path: path, quiet: quiet) }
            for candidate in [first, second] {
                var probe = SchemaChecker()
                if let node = probe.check(node, candidate, path: path, quiet: true), probe.diagnostics.isEmpty {
                    return node
                }
            }
        }
        error(node, path, "must be \(type.words), not \(node.kindName)")
        return nil
    }

    private mutating func inRange<Bound>(
        _ node: ConfigNode,
        _ isInside: Bool,
        _ range: ClosedRange<Bound>,
        _ path: [String]
    ) -> ConfigNode? {
        if isInside { return node }
        error(node, path, "must be between \(range.lowerBound) and \(range.upperBound)")
        return nil
    }

    private mutating func error(
        _ node: ConfigNode,
        _ path: [String],
        _ message: String,
        suggestion: String? = nil
    ) {
        let text = "\(KeyText.text(path)) \(message)"
        diagnostics.append(.init(.error, at: node.origin, text, suggestion: suggestion))
    }

    /// Whether a scalar or list says what holds anyway.
    private func isDefault(_ node: ConfigNode, of key: SchemaKey) -> Bool {
        guard let text = key.defaultText else { return false }
        return ConfigText.toml(node) == text || node.number.map { Double(text) == $0 } ?? false
    }
}

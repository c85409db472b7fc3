/// Puts environment variables over the files.
enum EnvironmentOverrides {
    /// Variables of features without a key: they would be missed in silence.
    private static let missed = ["REDIS_URL", "ENABLE_MULTI_PROJECT"]

    /// Applies every variable of the schema; an empty one counts as unset.
    static func apply(
        _ environment: [String: String],
        to tree: inout ConfigTable,
        diagnostics: inout [ConfigDiagnostic]
    ) {
        visit(ConfigSchema.root, path: []) { path, key in
            guard let name = key.variables.first(where: { environment[$0]?.isEmpty == false }),
                let text = environment[name]
            else { return }
            let origin = ConfigOrigin.environment(name)
            guard let value = parse(text, as: key.type) else {
                diagnostics.append(.init(.error, at: origin, "must be \(key.type.words)"))
                return
            }
            var table = ConfigTable()
            table[key.name] = ConfigNode(value: value, origin: origin)
            var checker = SchemaChecker()
            let checked = checker.check(table, SchemaTable("", [key]), path: path.dropLast())
            diagnostics += checker.diagnostics
            if let node = checked[key.name] { tree.set(path, node) }
        }
        for name in missed where environment[name]?.isEmpty == false {
            diagnostics.append(
                .init(.warning, at: .environment(name), "is known, not yet available in this version")
            )
        }
    }

    /// Calls back for every key that has variables and a fixed path.
    private static func visit(_ table: SchemaTable, path: [String], _ body: ([String], SchemaKey) -> Void) {
        for key in table.keys {
            if !key.variables.isEmpty { body(path + [key.name], key) }
            if case .table(let inner) = key.type { visit(inner, path: path + [key.name], body) }
        }
    }

    /// Reads a variable's text as a type; `nil` when it is not of that type.
    static func parse(_ text: String, as type: SchemaType) -> ConfigNode.Value? {
        switch type {
        case .boolean:
            switch text.lowercased() {
            case "1", "true", "yes", "on": .boolean(true)
            case "0", "false", "no", "off": .boolean(false)
            default: nil
            }
        case .integer: Int(text).map(ConfigNode.Value.integer)
        case .decimal: Double(text).flatMap { $0.isFinite ? .decimal($0) : nil }
        case .string, .choice, .location: .string(text)
        case .array, .table, .either, .open: nil
        }
    }
}

/// Lists every value in force for `config show`.
enum EffectiveValues {
    static func list(_ tree: ConfigTable) -> [EffectiveValue] {
        list(tree, ConfigSchema.root, path: [], showsDefaults: true)
    }

    /// Lists a table; of named entries and of parts that are not there yet, only what the operator wrote.
    private static func list(
        _ table: ConfigTable?,
        _ schema: SchemaTable,
        path: [String],
        showsDefaults: Bool
    ) -> [EffectiveValue] {
        var out: [EffectiveValue] = []
        for key in schema.keys {
            let node = table?[key.name]
            let path = path + [key.name]
            let showsDefaults = showsDefaults && key.isBuilt
            if case .table(let inner) = key.type, node == nil || node?.table != nil {
                out += list(node?.table, inner, path: path, showsDefaults: showsDefaults)
            } else if let node {
                out += value(node, path)
            } else if showsDefaults, let text = key.defaultText {
                out.append(EffectiveValue(key: KeyText.text(path), text: text, origin: .default))
            }
        }
        guard let named = schema.named else { return out }
        for (name, node) in table?.entries ?? [] where schema.key(name) == nil {
            if case .table(let inner) = named, let table = node.table, !table.entries.isEmpty {
                out += list(table, inner, path: path + [name], showsDefaults: false)
            } else {
                out += value(node, path + [name])
            }
        }
        return out
    }

    private static func value(_ node: ConfigNode, _ path: [String]) -> [EffectiveValue] {
        if let table = node.table, !table.entries.isEmpty {
            return table.entries.flatMap { value($0.node, path + [$0.key]) }
        }
        return [
            EffectiveValue(
                key: KeyText.text(path),
                text: ConfigText.toml(InlineSecrets.masked(node, path)),
                origin: node.origin
            )
        ]
    }
}

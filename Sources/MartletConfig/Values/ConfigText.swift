/// Spells values as TOML.
enum ConfigText {
    /// Spells a value on one line.
    static func toml(_ node: ConfigNode) -> String {
        switch node.value {
        case .string(let text): "\"\(KeyText.escaped(text))\""
        case .integer(let number): String(number)
        case .decimal(let number): number.isFinite ? "\(number)" : (number.isNaN ? "nan" : number < 0 ? "-inf" : "inf")
        case .boolean(let flag): flag ? "true" : "false"
        case .moment: "(a date or time)"
        case .array(let nodes): "[" + nodes.map(toml).joined(separator: ", ") + "]"
        case .table(let table) where table.entries.isEmpty: "{}"
        case .table(let table):
            "{ " + table.entries.map { "\(KeyText.part($0.key)) = \(toml($0.node))" }.joined(separator: ", ") + " }"
        }
    }
}

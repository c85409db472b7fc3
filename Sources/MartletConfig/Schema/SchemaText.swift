/// Writes the schema as JSON Schema, draft 2020-12.
enum SchemaText {
    /// The whole document, ending in a newline.
    static var json: String {
        var writer = Writer()
        writer.open("{")
        writer.member("$schema", quoted("https://json-schema.org/draft/2020-12/schema"))
        writer.member("$id", quoted("https://martlet.local/schema/martlet.schema.json"))
        writer.member("title", quoted("martlet.toml"))
        body(of: .table(ConfigSchema.root), into: &writer)
        writer.close("}")
        return writer.text + "\n"
    }

    /// Writes the members that describe a type into an open object.
    private static func body(of type: SchemaType, into writer: inout Writer) {
        switch type {
        case .string: writer.member("type", quoted("string"))
        case .boolean: writer.member("type", quoted("boolean"))
        case .integer(let range):
            writer.member("type", quoted("integer"))
            writer.member("minimum", "\(range.lowerBound)")
            writer.member("maximum", "\(range.upperBound)")
        case .decimal(let range):
            writer.member("type", quoted("number"))
            writer.member("minimum", "\(range.lowerBound)")
            writer.member("maximum", "\(range.upperBound)")
        case .choice(let names): writer.member("enum", "[" + names.map(quoted).joined(separator: ", ") + "]")
        case .location:
            let string = "{\"type\": \"string\"}"
            let pair =
                "{\"type\": \"object\", \"properties\": {\"default\": \(string), \"fallback\": \(string)}, "
                + "\"required\": [\"default\", \"fallback\"], \"additionalProperties\": false}"
            writer.member("anyOf", "[\(string), \(pair)]")
        case .array(let element):
            writer.member("type", quoted("array"))
            writer.key("items")
            writer.open("{")
            body(of: element, into: &writer)
            writer.close("}")
        case .either(let first, let second):
            writer.key("anyOf")
            writer.open("[")
            for type in [first, second] {
                writer.element()
                writer.open("{")
                body(of: type, into: &writer)
                writer.close("}")
            }
            writer.close("]")
        case .table(let table): self.table(table, into: &writer)
        case .open: break
        }
    }

    private static func table(_ table: SchemaTable, into writer: inout Writer) {
        writer.member("type", quoted("object"))
        writer.key("properties")
        writer.open("{")
        for key in table.keys {
            for name in [key.name] + key.synonyms {
                writer.key(name)
                writer.open("{")
                let later = key.isBuilt ? "" : " (known, not yet available in this version)"
                let same = name == key.name ? "" : "Same as \(key.name). "
                writer.member("description", quoted(same + key.doc + later))
                // A default is spelled as TOML; for these types that is JSON, too.
                if let text = key.defaultText { writer.member("default", text) }
                body(of: key.type, into: &writer)
                writer.close("}")
            }
        }
        writer.close("}")
        writer.key("additionalProperties")
        if let named = table.named {
            writer.open("{")
            body(of: named, into: &writer)
            writer.close("}")
        } else {
            writer.value("false")
        }
    }

    private static func quoted(_ text: String) -> String { "\"\(KeyText.escaped(text))\"" }

    /// Writes indented JSON.
    private struct Writer {
        private(set) var text = ""
        private var depth = 0
        private var isFirst = true

        mutating func open(_ bracket: String) {
            text += bracket
            depth += 1
            isFirst = true
        }

        mutating func close(_ bracket: String) {
            depth -= 1
            if !isFirst { text += "\n" + String(repeating: "  ", count: depth) }
            text += bracket
            isFirst = false
        }

        mutating func element() {
            text += isFirst ? "\n" : ",\n"
            text += String(repeating: "  ", count: depth)
            isFirst = false
        }

        mutating func key(_ name: String) {
            element()
            text += "\(quoted(name)): "
        }

        mutating func value(_ json: String) { text += json }

        mutating func member(_ name: String, _ json: String) {
            key(name)
            value(json)
        }
    }
}

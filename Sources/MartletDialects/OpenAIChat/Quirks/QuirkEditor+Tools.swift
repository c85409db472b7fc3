import MartletCore
import MartletWire

// Tools, the choice among them, and the shape of the answer.
extension QuirkEditor {
    mutating func editTools(_ tools: JSONView) {
        guard quirks.refusesStrict || !quirks.dropFromSchemas.isEmpty else { return }
        for (index, tool) in tools.elements.enumerated() {
            guard let function = tool.member("function"), function.kind == .object else { continue }
            if quirks.refusesStrict, let strict = function.member("strict") {
                splice.removeMember("strict", of: function)
                if strict.bool() == true { dropped.add("tools[\(index)].function.strict") }
            }
            guard let schema = function.member("parameters"), let layout = schema.objectLayout else { continue }
            for (place, member) in schema.members.enumerated() {
                // They only say which schema language it is, or what it is called.
                guard let name = member.key.string(), quirks.dropFromSchemas.contains(name) else { continue }
                splice.removeMember(place, of: layout)
            }
        }
    }

    mutating func editToolChoice(_ member: Member) {
        guard let choice = member.value.string() else { return }
        if choice == "none", quirks.ignoresNoTools {
            for name in ["tools", "tool_choice", "parallel_tool_calls"] {
                if let member = self[name] { remove(member) }
            }
        } else if choice == "required", quirks.ignoresRequired, let name = onlyFunction {
            var writer = JSONWriter(reserving: 64)
            ChatToolChoice.function(name: name).write(to: &writer)
            splice.replace(member.value.range, with: writer.bytes)
        }
    }

    /// The name of the only tool there is.
    private var onlyFunction: String? {
        guard let tools = self["tools"].map({ Array($0.value.elements) }), tools.count == 1 else { return nil }
        return tools[0].member("function")?.member("name")?.string()
    }

    /// Edits the shape of the answer.
    ///
    /// - Returns: Whether the member may be one of those that are left out.
    mutating func editFormat(_ member: Member) -> Bool {
        let type = member.value.member("type")?.string()
        // TGI's kinds of formats have none for text, which is what it writes without one.
        if type == "text", quirks.formats == .value || quirks.refusesTextFormat && self["tools"] != nil {
            remove(member)
            return false
        }
        guard let formats = quirks.formats, let written = format(formats, type, member.value) else { return true }
        splice.replace(member.value.range, with: written)
        return false
    }

    private func format(_ formats: ChatQuirks.Formats, _ type: String?, _ value: JSONView) -> [UInt8]? {
        switch (formats, type) {
        case (.schemaOnly, "json_object"):
            return Array(#"{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}"#.utf8)
        case (.value, "json_object") where value.member("value") == nil:
            return Array(#"{"type":"json_object","value":{"type":"object"}}"#.utf8)
        case (.value, "json_schema"):
            guard let inner = value.member("json_schema") else { return nil }
            var writer = JSONWriter(reserving: inner.range.count + 48)
            writer.object { writer in
                writer.member("type", "json_schema")
                writer.key("value")
                writer.object { writer in
                    writer.member("name", inner.member("name")?.string() ?? "answer")
                    writer.key("schema")
                    if let schema = inner.member("schema") { writer.raw(schema) } else { writer.object { _ in } }
                }
            }
            return writer.bytes
        default: return nil
        }
    }
}

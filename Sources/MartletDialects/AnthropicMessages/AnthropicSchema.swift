import MartletCore
import MartletWire

/// Fits JSON Schemas into the part of the language that the API enforces.
///
/// What it does not know moves into the description as `{key: value}`, where the model still sees it; this is what the
/// vendor's own clients do.
///
/// - SeeAlso: Anthropic API reference, "Structured outputs", "JSON Schema limitations".
enum AnthropicSchema {
    /// The schema of an answer; `nil` when it is no schema.
    ///
    /// - Parameter note: Goes in front of the description.
    static func answer(_ schema: JSONText, note: String?) -> [UInt8]? {
        guard let document = try? JSONDocument(schema.bytes), document.rootKind == .object else { return nil }
        var writer = JSONWriter(reserving: schema.bytes.count + 64)
        document.withView { fit($0, note: note, to: &writer) }
        return writer.bytes
    }

    /// The schema of a tool's arguments, whose root the API wants to be an object; `nil` when it is no schema.
    ///
    /// - Parameter isStrict: Whether the API is to enforce it.
    static func object(_ schema: JSONText, isStrict: Bool) -> [UInt8]? {
        guard let document = try? JSONDocument(schema.bytes), document.rootKind == .object else { return nil }
        var writer = JSONWriter(reserving: schema.bytes.count + 64)
        let isObject = document.withView { $0.member("type")?.equalsString("object") ?? false }
        let hasProperties = document.withView { $0.member("properties")?.kind == .object }
        if isObject, hasProperties, !isStrict { return Array(document.bytes[document.rootRange]) }
        document.withView { view in
            writer.object { writer in
                writer.member("type", "object")
                if !hasProperties {
                    writer.key("properties")
                    writer.object { _ in }
                }
                for member in view.members where !member.key.equalsString("type") {
                    if !hasProperties, member.key.equalsString("properties") { continue }
                    writer.key(member.key)
                    writer.raw(member.value)
                }
            }
        }
        guard isStrict else { return writer.bytes }
        return answer(JSONText(writer.bytes), note: nil)
    }

    /// Whether a schema names every property of every object as required, as OpenAI wants where it is to enforce it.
    ///
    /// - SeeAlso: OpenAI API reference, "Structured outputs", "All fields must be required".
    static func isStrict(_ schema: JSONText) -> Bool {
        guard let document = try? JSONDocument(schema.bytes), document.rootKind == .object else { return false }
        return document.withView { isStrict($0) }
    }

    /// The nesting is bounded by that of the document.
    private static func isStrict(_ view: JSONView) -> Bool {
        if view.kind == .array { return view.elements.allSatisfy { isStrict($0) } }
        guard view.kind == .object else { return true }
        if let properties = view.member("properties"), properties.kind == .object {
            guard view.member("additionalProperties")?.kind == .false else { return false }
            var required: Set<String> = []
            for name in view.member("required")?.elements ?? view.elements {
                if let name = name.string() { required.insert(name) }
            }
            for property in properties.members {
                guard required.contains(property.key.string() ?? ""), isStrict(property.value) else { return false }
            }
        }
        return view.members.allSatisfy { member in
            // Properties were looked at; values of these are no schemas.
            let isData = ["properties", "enum", "const", "default", "examples", "required"]
                .contains { (name: StaticString) in member.key.equalsString(name) }
            return isData || isStrict(member.value)
        }
    }

    /// Formats of strings that are enforced.
    private static let formats: [StaticString] = [
        "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
    ]

    /// Writes a schema; the nesting is bounded by that of the document.
    private static func fit(_ view: JSONView, note: String?, to writer: inout JSONWriter) {
        guard view.kind == .object else { return writer.raw(view) }
        var left: [String] = []
        var description = view.member("description")?.string()
        if let note { description = description.map { "\(note)\n\n\($0)" } ?? note }
        let hasAnyOf = view.member("anyOf") != nil
        let isObject = view.member("type")?.equalsString("object") ?? (view.member("properties") != nil)
        writer.object { writer in
            for member in view.members {
                let (key, value) = (member.key, member.value)
                if key.equalsString("properties") || key.equalsString("$defs") || key.equalsString("definitions"),
                    value.kind == .object
                {
                    writer.key(key)
                    writer.object { writer in
                        for member in value.members {
                            writer.key(member.key)
                            fit(member.value, note: nil, to: &writer)
                        }
                    }
                } else if key.equalsString("items"), value.kind == .object {
                    writer.key(key)
                    fit(value, note: nil, to: &writer)
                } else if key.equalsString("anyOf") || key.equalsString("allOf") {
                    writer.key(key)
                    fitAll(value, to: &writer)
                } else if key.equalsString("oneOf"), !hasAnyOf {
                    writer.key("anyOf")
                    fitAll(value, to: &writer)
                } else if isKept(key, value) {
                    writer.key(key)
                    writer.raw(value)
                } else if key.equalsString("additionalProperties"), value.kind == .false {
                    continue
                } else if !key.equalsString("description") {
                    left.append("\(key.string() ?? ""): \(String(decoding: value.rawBytes, as: UTF8.self))")
                }
            }
            if isObject {
                writer.key("additionalProperties")
                writer.bool(false)
            }
            if !left.isEmpty {
                let rest = "{\(left.joined(separator: ", "))}"
                description = description.map { "\($0)\n\n\(rest)" } ?? rest
            }
            writer.member("description", description)
        }
    }

    private static func fitAll(_ list: JSONView, to writer: inout JSONWriter) {
        writer.array { writer in
            for element in list.elements { fit(element, note: nil, to: &writer) }
        }
    }

    private static func isKept(_ key: JSONView, _ value: JSONView) -> Bool {
        let names: [StaticString] = ["type", "required", "enum", "const", "$ref", "title", "items"]
        if names.contains(where: { key.equalsString($0) }) { return true }
        if key.equalsString("format") { return formats.contains { value.equalsString($0) } }
        if key.equalsString("minItems") { return value.int64() == 0 || value.int64() == 1 }
        return false
    }
}

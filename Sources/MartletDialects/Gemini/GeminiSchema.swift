import MartletCore
import MartletWire

/// Schemas: JSON Schema, and the older form with types in capitals.
enum GeminiSchema {
    /// What a schema of arguments describes.
    enum Shape {
        /// An object with something in it.
        case object
        /// An object with nothing in it, or no schema at all.
        case empty
        /// Anything else, which the API refuses.
        case other
    }

    /// Tells what a schema of arguments describes.
    static func shape(_ schema: JSONText) -> Shape {
        guard let document = try? JSONDocument(schema.bytes) else { return .other }
        return document.withView { view in
            if view.isNull { return .empty }
            guard view.kind == .object else { return .other }
            if let type = view.member("type"), !type.equalsString("object") { return .other }
            for name: StaticString in ["properties", "$defs", "definitions", "patternProperties"] {
                if let inner = view.member(name), inner.members.contains(where: { _ in true }) { return .object }
            }
            for name: StaticString in ["$ref", "anyOf", "oneOf", "allOf"] where view.member(name) != nil {
                return .object
            }
            if let rest = view.member("additionalProperties"), rest.kind != .false { return .object }
            return .empty
        }
    }

    /// JSON Schema for a `Schema`: types in small letters, `nullable` as a second type.
    static func jsonSchema(_ view: JSONView) -> JSONText {
        var writer = JSONWriter(reserving: 128)
        convert(view, to: &writer)
        return JSONText(writer.bytes)
    }

    // Documents are bounded in depth, so that this is too.
    private static func convert(_ view: JSONView, to writer: inout JSONWriter) {
        guard view.kind == .object else { return writer.raw(view) }
        let isNullable = view.member("nullable")?.bool() == true
        writer.object { writer in
            for member in view.members {
                let (key, value) = (member.key, member.value)
                if key.equalsString("type"), let name = value.string() {
                    writer.key(key)
                    if isNullable {
                        writer.array { writer in
                            writer.string(name.lowercased())
                            writer.string("null" as StaticString)
                        }
                    } else {
                        writer.string(name.lowercased())
                    }
                } else if key.equalsString("nullable") || key.equalsString("propertyOrdering") {
                    continue
                } else if key.equalsString("properties") || key.equalsString("defs") || key.equalsString("$defs") {
                    key.equalsString("properties") ? writer.key(key) : writer.key("$defs")
                    guard value.kind == .object else {
                        writer.raw(value)
                        continue
                    }
                    writer.object { writer in
                        for property in value.members {
                            writer.key(property.key)
                            convert(property.value, to: &writer)
                        }
                    }
                } else if key.equalsString("items") || key.equalsString("additionalProperties") {
                    writer.key(key)
                    convert(value, to: &writer)
                } else if key.equalsString("anyOf"), value.kind == .array {
                    writer.key(key)
                    writer.array { writer in
                        for element in value.elements { convert(element, to: &writer) }
                    }
                } else if key.equalsString("ref") {
                    writer.key("$ref")
                    writer.raw(value)
                } else {
                    writer.key(key)
                    // Numbers of elements are written as strings there (int64 in proto3's JSON).
                    if isCount(key), let number = value.string().flatMap(Int64.init) {
                        writer.integer(number)
                    } else {
                        writer.raw(value)
                    }
                }
            }
        }
    }

    private static func isCount(_ key: JSONView) -> Bool {
        for name: StaticString in [
            "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
        ] where key.equalsString(name) {
            return true
        }
        return false
    }
}

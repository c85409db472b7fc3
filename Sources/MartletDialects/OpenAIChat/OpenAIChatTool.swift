import MartletCore
import MartletWire

extension ChatTool {
    /// Decodes a tool; a shape this codec does not know is kept as it came.
    init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        guard type == "function", var inner = try reader.takeObject("function") else {
            self = .other(type: type, value: view.text)
            return
        }
        var function = ChatFunction(
            name: try inner.requireString("name"),
            description: try inner.takeString("description"),
            parameters: inner.takeValue("parameters")?.text,
            strict: try inner.takeBool("strict")
        )
        (function.extra, function.innerExtra) = (reader.extra, inner.extra)
        self = .function(function)
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .other(_, let value): writer.raw(value.bytes)
        case .function(let function):
            writer.object { writer in
                writer.member("type", "function")
                writer.key("function")
                writer.object { writer in
                    writer.member("name", function.name)
                    writer.member("description", function.description)
                    writer.member("parameters", function.parameters)
                    writer.member("strict", function.strict)
                    writer.members(function.innerExtra)
                }
                writer.members(function.extra)
            }
        }
    }
}

extension ChatToolChoice {
    init(_ view: JSONView) throws(JSONFieldError) {
        if let name = view.string() {
            switch name {
            case "none": self = .none
            case "auto": self = .auto
            case "required": self = .required
            default: self = .other(view.text)
            }
            return
        }
        var reader = try JSONObjectReader(view)
        guard try reader.requireString("type") == "function", var inner = try reader.takeObject("function") else {
            self = .other(view.text)
            return
        }
        let name = try inner.requireString("name")
        self = reader.isExhausted && inner.isExhausted ? .function(name: name) : .other(view.text)
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .none: writer.string("none" as StaticString)
        case .auto: writer.string("auto" as StaticString)
        case .required: writer.string("required" as StaticString)
        case .other(let value): writer.raw(value.bytes)
        case .function(let name):
            writer.object { writer in
                writer.member("type", "function")
                writer.key("function")
                writer.object { $0.member("name", name) }
            }
        }
    }
}

extension ResponseFormat {
    init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        switch type {
        case "text" where reader.isExhausted: self = .text
        case "json_object" where reader.isExhausted: self = .jsonObject
        case "json_schema":
            guard var inner = try reader.takeObject("json_schema") else {
                self = .other(view.text)
                return
            }
            var format = JSONSchemaFormat(
                name: try inner.requireString("name"),
                description: try inner.takeString("description"),
                schema: inner.takeValue("schema")?.text,
                strict: try inner.takeBool("strict")
            )
            (format.extra, format.innerExtra) = (reader.extra, inner.extra)
            self = .jsonSchema(format)
        default: self = .other(view.text)
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .text: writer.object { $0.member("type", "text") }
        case .jsonObject: writer.object { $0.member("type", "json_object") }
        case .other(let value): writer.raw(value.bytes)
        case .jsonSchema(let format):
            writer.object { writer in
                writer.member("type", "json_schema")
                writer.key("json_schema")
                writer.object { writer in
                    writer.member("name", format.name)
                    writer.member("description", format.description)
                    writer.member("schema", format.schema)
                    writer.member("strict", format.strict)
                    writer.members(format.innerExtra)
                }
                writer.members(format.extra)
            }
        }
    }
}

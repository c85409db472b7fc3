import MartletCore
import MartletWire

extension ChatTool {
    /// Decodes a tool; anything but a function is kept as it came.
    init(responses view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        guard type == "function" else {
            self = .other(type: type, value: view.text)
            return
        }
        // A function as chat completions write it, which some clients send here.
        if let inner = reader.peek("function"), inner.kind == .object, reader.peek("name") == nil {
            self = try ChatTool(view)
            guard case .function(var function) = self else { return }
            function.extra = function.extra.joined(
                function.innerExtra,
                without: "type",
                "name",
                "description",
                "parameters",
                "strict"
            )
            function.innerExtra = []
            self = .function(function)
            return
        }
        self = .function(try ChatFunction(responses: &reader))
    }

    func writeResponses(strictDefault: Bool?, to writer: inout JSONWriter) {
        switch self {
        case .other(_, let value): writer.raw(value.bytes)
        case .function(let function): function.writeResponses(strictDefault: strictDefault, to: &writer)
        }
    }
}

extension ChatFunction {
    /// Decodes a function whose type was taken.
    init(responses reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            name: try reader.requireString("name"),
            description: try reader.takeString("description"),
            parameters: reader.takeValue("parameters")?.text,
            strict: try reader.takeBool("strict")
        )
        extra = reader.extra
    }

    /// Writes a function.
    ///
    /// - Parameter strictDefault: What is written where nothing is said about strictness.
    func writeResponses(name sent: String? = nil, strictDefault: Bool?, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", "function")
            writer.member("name", sent ?? name)
            writer.member("description", description)
            writer.key("parameters")
            if let parameters { writer.raw(parameters.bytes) } else { writer.null() }
            writer.member("strict", strict ?? strictDefault)
            writer.members(extra)
        }
    }
}

extension ChatToolChoice {
    init(responses view: JSONView) throws(JSONFieldError) {
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
        guard try reader.requireString("type") == "function" else {
            self = .other(view.text)
            return
        }
        // The form of chat completions, which some clients send here.
        if let inner = reader.peek("function"), inner.kind == .object {
            self = try ChatToolChoice(view)
            return
        }
        let name = try reader.requireString("name")
        self = reader.isExhausted ? .function(name: name) : .other(view.text)
    }

    func writeResponses(to writer: inout JSONWriter) {
        switch self {
        case .none: writer.string("none" as StaticString)
        case .auto: writer.string("auto" as StaticString)
        case .required: writer.string("required" as StaticString)
        case .other(let value): writer.raw(value.bytes)
        case .function(let name):
            writer.object { writer in
                writer.member("type", "function")
                writer.member("name", name)
            }
        }
    }
}

extension ResponseFormat {
    init(responses view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        switch type {
        case "text" where reader.isExhausted: self = .text
        case "json_object" where reader.isExhausted: self = .jsonObject
        case "json_schema" where reader.peek("json_schema")?.kind == .object:
            self = try ResponseFormat(view)
            guard case .jsonSchema(var format) = self else { return }
            format.innerExtra = format.innerExtra.joined(
                format.extra,
                without: "type",
                "name",
                "description",
                "schema",
                "strict"
            )
            format.extra = []
            self = .jsonSchema(format)
        case "json_schema":
            var format = JSONSchemaFormat(
                name: try reader.requireString("name"),
                description: try reader.takeString("description"),
                schema: reader.takeValue("schema")?.text,
                strict: try reader.takeBool("strict")
            )
            format.innerExtra = reader.extra
            self = .jsonSchema(format)
        default: self = .other(view.text)
        }
    }

    func writeResponses(to writer: inout JSONWriter) {
        switch self {
        case .text: writer.object { $0.member("type", "text") }
        case .jsonObject: writer.object { $0.member("type", "json_object") }
        case .other(let value): writer.raw(value.bytes)
        case .jsonSchema(let format):
            writer.object { writer in
                writer.member("type", "json_schema")
                writer.member("name", format.name)
                writer.member("description", format.description)
                writer.member("schema", format.schema)
                writer.member("strict", format.strict)
                writer.members(format.innerExtra)
            }
        }
    }
}

import MartletCore
import MartletWire

extension OpenAIResponsesRequestEncoder {
    /// Writes the tools.
    mutating func toolObjects() throws(GatewayError) -> [[UInt8]] {
        var objects: [[UInt8]] = []
        for (index, tool) in (request.tools ?? []).enumerated() {
            let path = "tools[\(index)]"
            switch tool {
            case _ where isNative:
                var writer = JSONWriter(reserving: 128)
                tool.writeResponses(strictDefault: nil, to: &writer)
                objects.append(writer.bytes)
            case .function(var function):
                let inner = request.dialect == .anthropicMessages ? path : path + ".function"
                dropped.add(function.innerExtra, in: inner)
                dropped.add(function.extra, in: path)
                (function.extra, function.innerExtra) = ([], [])
                if function.description?.isEmpty == true { function.description = nil }
                var writer = JSONWriter(reserving: 128)
                // Here functions are strict unless they say otherwise, elsewhere they are not.
                function.writeResponses(name: names.name(function.name), strictDefault: false, to: &writer)
                objects.append(writer.bytes)
            case .other(let type, let value):
                if let object = other(type, value, at: path) { objects.append(object) } else { dropped.add(path) }
            }
        }
        return objects
    }

    /// A tool of another kind; `nil` where it has no form here.
    private mutating func other(_ type: String, _ value: JSONText, at path: String) -> [UInt8]? {
        if Self.ownTypes.contains(type) { return value.bytes }
        guard type == "custom" || type == "function", let document = try? JSONDocument(value.bytes) else { return nil }
        return document.withView { view in
            if view.member("name") != nil { return value.bytes }
            guard type == "custom", let custom = view.member("custom"), var reader = try? JSONObjectReader(custom),
                let name = reader.lenientString("name")
            else { return nil }
            let sent = names.name(name)
            let format = reader.takeValue("format")
            var writer = JSONWriter(reserving: 128)
            writer.object { writer in
                writer.member("type", "custom")
                writer.member("name", sent)
                if let format {
                    writer.key("format")
                    Self.write(format: format, to: &writer)
                }
                reader.writeRest(to: &writer)
            }
            return writer.bytes
        }
    }

    /// Writes the format of a free-text tool; a grammar stands one level less deep here.
    private static func write(format: JSONView, to writer: inout JSONWriter) {
        guard format.member("type")?.equalsString("grammar") == true, let grammar = format.member("grammar"),
            let reader = try? JSONObjectReader(grammar)
        else { return writer.raw(format) }
        writer.object { writer in
            writer.member("type", "grammar")
            reader.writeRest(to: &writer)
        }
    }

    /// The tools that run at the vendor, which a caller can only mean for it.
    private static let ownTypes: Set<String> = [
        "web_search", "web_search_preview", "file_search", "code_interpreter", "image_generation", "mcp", "namespace",
        "computer", "computer_use_preview", "local_shell", "shell", "apply_patch", "tool_search",
    ]

    /// Decides the member `tool_choice`; `nil` leaves it out.
    mutating func toolChoice(hasTools: Bool) throws(GatewayError) -> JSONText? {
        guard var choice = request.toolChoice else { return nil }
        if !isNative, !hasTools {
            // Without tools only a choice that demands one says anything.
            switch choice {
            case .none, .auto: break
            case .required, .function, .other: dropped.add("tool_choice")
            }
            return nil
        }
        if !isNative {
            switch choice {
            case .function(let name): choice = .function(name: names.name(name))
            case .other(let value):
                guard let flat = flatChoice(value) else {
                    throw .unsupported("tool_choice", "This choice has no form for this model.")
                }
                choice = .other(flat)
            case .none, .auto, .required: break
            }
        }
        var writer = JSONWriter()
        choice.writeResponses(to: &writer)
        return JSONText(writer.bytes)
    }

    /// A choice in the words of chat completions, without the object inside.
    private mutating func flatChoice(_ value: JSONText) -> JSONText? {
        guard let document = try? JSONDocument(value.bytes) else { return nil }
        return document.withView { view -> JSONText? in
            guard let type = view.member("type")?.string() else { return nil }
            if type == "custom", let name = (view.member("custom")?.member("name") ?? view.member("name"))?.string() {
                let sent = names.name(name)
                var writer = JSONWriter()
                writer.object { writer in
                    writer.member("type", "custom")
                    writer.member("name", sent)
                }
                return JSONText(writer.bytes)
            }
            if Self.ownTypes.contains(type) { return value }
            guard type == "allowed_tools" else { return nil }
            let inner = view.member("allowed_tools") ?? view
            guard let list = inner.member("tools"), list.kind == .array else { return nil }
            let mode = inner.member("mode")?.string() ?? "auto"
            var tools: [(type: String, name: String)] = []
            for tool in list.elements {
                let named = tool.member("function") ?? tool.member("custom") ?? tool
                guard let name = named.member("name")?.string() else { return nil }
                tools.append((tool.member("type")?.string() ?? "function", names.name(name)))
            }
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("type", "allowed_tools")
                writer.member("mode", mode)
                writer.key("tools")
                writer.array { writer in
                    for tool in tools {
                        writer.object { writer in
                            writer.member("type", tool.type)
                            writer.member("name", tool.name)
                        }
                    }
                }
            }
            return JSONText(writer.bytes)
        }
    }
}

import MartletCore
import MartletWire

extension AnthropicRequestEncoder {
    /// The member `tool_choice`.
    struct ToolChoice {
        var type: String
        var name: String?
        var isParallelOff: Bool?
        /// A choice of this dialect as it came.
        var raw: JSONText?

        /// Whether the model must call a tool, which it cannot after thinking.
        var isForced: Bool { type == "any" || type == "tool" }

        init(type: String, name: String? = nil) {
            self.type = type
            self.name = name
        }

        func write(to writer: inout JSONWriter) {
            writer.key("tool_choice")
            if let raw { return writer.raw(raw.bytes) }
            writer.object { writer in
                writer.member("type", type)
                writer.member("name", name)
                writer.member("disable_parallel_tool_use", isParallelOff)
            }
        }
    }

    /// Writes the tools.
    ///
    /// - Throws: ``GatewayError`` for a tool that takes free text in place of JSON.
    mutating func toolBlocks() throws(GatewayError) -> [AnthropicBlock] {
        let allowed = allowedTools()?.names
        var blocks: [AnthropicBlock] = []
        for (index, tool) in (request.tools ?? []).enumerated() {
            let path = "tools[\(index)]"
            switch tool {
            case .function(let function):
                if let allowed, !allowed.contains(function.name) { continue }
                blocks.append(toolBlock(function, at: path))
            case .other(_, let value) where isNative:
                blocks.append(AnthropicBlock(raw: value))
            case .other(let type, let value):
                if type == "custom" {
                    throw .unsupported(path, "A tool that takes free text has no form for this model.")
                }
                if type == "function", let function = ChatFunction(flat: value) {
                    if let allowed, !allowed.contains(function.name) { continue }
                    blocks.append(toolBlock(function, at: path))
                } else if Self.isDated(type) {
                    // The vendor's own tools bear the day of their version.
                    blocks.append(AnthropicBlock(raw: value))
                } else {
                    dropped.add(path)
                }
            }
        }
        return blocks
    }

    private mutating func toolBlock(_ function: ChatFunction, at path: String) -> AnthropicBlock {
        let inner = "\(path).function"
        if !isNative { dropped.add(function.innerExtra.without("cache_control"), in: inner) }
        let extra =
            isNative ? function.extra : function.extra + function.innerExtra.filter { $0.name == "cache_control" }
        let name = names.name(function.name)
        var schema = Array(#"{"type":"object","properties":{}}"#.utf8)
        if isNative {
            schema = function.parameters?.bytes ?? schema
        } else if let parameters = function.parameters {
            if let object = AnthropicSchema.object(parameters, isStrict: function.strict ?? false) {
                schema = object
            } else {
                dropped.add("parameters", in: inner)
            }
        }
        let description = function.description.flatMap { $0.isBlank && !isNative ? nil : $0 }
        var block = AnthropicBlock { writer in
            writer.member("name", name)
            writer.member("description", description)
            writer.key("input_schema")
            writer.raw(schema)
            writer.member("strict", function.strict)
            if isNative { writer.members(function.extra) }
        }
        if !isNative, !extra.isEmpty { block.cache = takeMark(extra, in: path) }
        return block
    }

    /// Minimal definitions of the tools that are called in the conversation.
    mutating func knownTools(_ conversation: AnthropicConversation) -> [AnthropicBlock] {
        var known: Set<String> = []
        var blocks: [AnthropicBlock] = []
        for call in request.messages.flatMap(\.toolCalls) {
            let name = names.name(call.name)
            guard known.insert(name).inserted else { continue }
            blocks.append(
                AnthropicBlock { writer in
                    writer.member("name", name)
                    writer.key("input_schema")
                    writer.raw(Array(#"{"type":"object","properties":{}}"#.utf8))
                }
            )
        }
        return blocks
    }

    /// Decides the member `tool_choice`; `nil` leaves it out.
    mutating func toolChoice(hasTools: Bool) throws(GatewayError) -> ToolChoice? {
        var choice: ToolChoice?
        switch request.toolChoice {
        case nil: break
        case ChatToolChoice.none?: choice = ToolChoice(type: "none")
        case .auto?: choice = ToolChoice(type: "auto")
        case .required?: choice = ToolChoice(type: "any")
        case .function(let name)?: choice = ToolChoice(type: "tool", name: names.name(name))
        case .other(let value)? where isNative:
            choice = ToolChoice(type: "")
            choice?.raw = value
        case .other?:
            guard let allowed = allowedTools() else {
                throw .unsupported("tool_choice", "This choice has no form for this model.")
            }
            choice = ToolChoice(type: allowed.isRequired ? "any" : "auto")
        }
        if !hasTools, !isNative {
            // Without tools only a choice that demands one says anything.
            if choice?.isForced == true { dropped.add("tool_choice") }
            return nil
        }
        if request.parallelToolCalls == false, choice?.type != "none", choice?.raw == nil {
            choice = choice ?? ToolChoice(type: "auto")
            choice?.isParallelOff = true
        } else if isNative, request.parallelToolCalls == true {
            choice?.isParallelOff = false
        }
        return choice
    }

    /// The functions that a choice of the type `allowed_tools` leaves; `nil` for every other choice.
    private func allowedTools() -> AllowedTools? { isNative ? nil : AllowedTools(request.toolChoice) }

    /// Whether a type of tools ends with a date of eight digits (`web_search_20250305`).
    private static func isDated(_ type: String) -> Bool {
        let end = type.utf8.suffix(9)
        return end.count == 9 && end.first == UInt8(ascii: "_") && end.dropFirst().allSatisfy { $0 &- 0x30 < 10 }
    }
}

extension ChatFunction {
    /// Reads a function whose members stand in the tool itself, as some clients write it.
    init?(flat value: JSONText) {
        guard let document = try? JSONDocument(value.bytes) else { return nil }
        let function: ChatFunction? = document.withView { view in
            guard var reader = try? JSONObjectReader(view), let name = reader.lenientString("name") else { return nil }
            _ = reader.take("type")
            var function = ChatFunction(
                name: name,
                description: reader.lenientString("description"),
                parameters: reader.takeValue("parameters")?.text,
                strict: reader.take("strict")?.bool()
            )
            function.extra = reader.extra
            return function
        }
        guard let function else { return nil }
        self = function
    }
}

import MartletCore
import MartletWire

extension ConverseRequestEncoder {
    /// The member `toolConfig`.
    struct ToolConfig {
        var blocks: [AnthropicBlock]
        /// The choice in the names that are sent; `nil` leaves it out.
        var choice: ChatToolChoice?
        /// The choice in Claude's own words, where they say more than those of the format.
        var claudeChoice: JSONText?
        /// Whether the model must call a tool, which it cannot after thinking.
        var isForced: Bool {
            switch choice {
            case .required, .function: true
            default: false
            }
        }
    }

    /// Decides about the tools; `nil` when there are none.
    ///
    /// - Throws: ``GatewayError`` for a tool that takes free text in place of JSON.
    mutating func toolConfig() throws(GatewayError) -> ToolConfig? {
        var config = ToolConfig(blocks: try toolBlocks())
        let hasCalls = !conversation.calls.isEmpty
        if config.blocks.isEmpty {
            if isDemanding(request.toolChoice) { base.dropped.add("tool_choice") }
            guard hasCalls else { return nil }
            // The API wants the tools of the calls it is shown.
            config.blocks = knownTools()
            forbidCalls()
            return config
        }
        switch request.toolChoice {
        case nil, .auto?: break
        case ChatToolChoice.none?:
            // The format has no such choice: tools that the conversation has not called yet are left out instead.
            guard hasCalls else {
                base.dropped.add("tools")
                return nil
            }
            base.dropped.add("tool_choice")
            forbidCalls()
        case .required?: choose(.required, &config)
        case .function(let name)?: choose(.function(name: base.names.name(name)), &config)
        case .other?:
            guard let allowed = AllowedTools(request.toolChoice) else {
                throw .unsupported("tool_choice", "This choice has no form for this model.")
            }
            if allowed.isRequired { choose(.required, &config) }
        }
        if request.parallelToolCalls == false {
            if traits.claude != nil {
                config.claudeChoice = Self.singleCalls(besideChoice: config.choice != nil)
            } else {
                base.dropped.add("parallel_tool_calls")
            }
        }
        return config
    }

    private mutating func forbidCalls() {
        let words = "Do not call any tool in this answer."
        if traits.cachePoints { closing.append(words) } else { instructions.append(words) }
    }

    private func isDemanding(_ choice: ChatToolChoice?) -> Bool {
        switch choice {
        case .required?, .function?: true
        case .other?: AllowedTools(choice)?.isRequired ?? true
        case nil, .auto?, ChatToolChoice.none?: false
        }
    }

    private mutating func choose(_ choice: ChatToolChoice, _ config: inout ToolConfig) {
        switch (traits.toolChoice, choice) {
        case (.all, _), (.any, .required): config.choice = choice
        case (.any, .function):
            // Of one tool, any is the one.
            if config.blocks.count == 1 { config.choice = .required } else { base.dropped.add("tool_choice") }
        default: base.dropped.add("tool_choice")
        }
    }

    /// What forbids several calls at once, in the words of Anthropic's format.
    ///
    /// The service merges it into the choice that stands in `toolConfig` and refuses a `type` in both; without a choice
    /// there it demands one here (litellm's pull requests 34347 and 35738, which quote its errors; August 2026).
    private static func singleCalls(besideChoice: Bool) -> JSONText {
        var writer = JSONWriter()
        writer.object { writer in
            if !besideChoice { writer.member("type", "auto") }
            writer.member("disable_parallel_tool_use", true)
        }
        return JSONText(writer.bytes)
    }

    private mutating func toolBlocks() throws(GatewayError) -> [AnthropicBlock] {
        let allowed = AllowedTools(request.toolChoice)?.names
        var blocks: [AnthropicBlock] = []
        for (index, tool) in (request.tools ?? []).enumerated() {
            let path = "tools[\(index)]"
            switch tool {
            case .function(let function):
                if let allowed, !allowed.contains(function.name) { continue }
                blocks.append(toolBlock(function, at: path))
            case .other(let type, let value):
                if type == "custom" {
                    throw .unsupported(path, "A tool that takes free text has no form for this model.")
                }
                guard type == "function", let function = ChatFunction(flat: value) else {
                    base.dropped.add(path)
                    continue
                }
                if let allowed, !allowed.contains(function.name) { continue }
                blocks.append(toolBlock(function, at: path))
            }
        }
        return blocks
    }

    private mutating func toolBlock(_ function: ChatFunction, at path: String) -> AnthropicBlock {
        let inner = "\(path).function"
        base.dropped.add(function.innerExtra.without("cache_control"), in: inner)
        let extra = function.extra + function.innerExtra.filter { $0.name == "cache_control" }
        let name = base.names.name(function.name)
        var strict = function.strict == true
        if strict, !traits.structuredOutput {
            strict = false
            base.dropped.add("strict", in: inner)
        }
        var schema = Array(#"{"type":"object","properties":{}}"#.utf8)
        if let parameters = function.parameters {
            if let object = AnthropicSchema.object(parameters, isStrict: strict) {
                schema = withoutDialect(object, in: inner + ".parameters")
            } else {
                base.dropped.add("parameters", in: inner)
            }
        }
        let description = function.description.flatMap { $0.isBlank ? nil : $0 }
        var block = AnthropicBlock { writer in
            writer.object("toolSpec") { writer in
                writer.member("name", name)
                writer.member("description", description)
                writer.key("inputSchema")
                writer.object { $0.member("json", JSONText(schema)) }
                if strict { writer.member("strict", true) }
            }
        }
        if !extra.isEmpty { block.cache = mark(extra, in: path) }
        return block
    }

    /// A schema without the member `$schema`, which the service refuses.
    private mutating func withoutDialect(_ schema: [UInt8], in path: String) -> [UInt8] {
        guard let document = try? JSONDocument(schema),
            document.withView({ $0.member("$schema") != nil })
        else { return schema }
        base.dropped.add("$schema", in: path)
        var writer = JSONWriter(reserving: schema.count)
        document.withView { view in
            writer.object { writer in
                for member in view.members where !member.key.equalsString("$schema") {
                    writer.key(member.key)
                    writer.raw(member.value)
                }
            }
        }
        return writer.bytes
    }

    /// Minimal definitions of the tools that are called in the conversation.
    private mutating func knownTools() -> [AnthropicBlock] {
        var known: Set<String> = []
        var blocks: [AnthropicBlock] = []
        for call in request.messages.flatMap(\.toolCalls) {
            let name = base.names.name(call.name)
            guard known.insert(name).inserted else { continue }
            blocks.append(
                AnthropicBlock { writer in
                    writer.object("toolSpec") { writer in
                        writer.member("name", name)
                        writer.key("inputSchema")
                        writer.object { $0.member("json", JSONText(#"{"type":"object","properties":{}}"#)) }
                    }
                }
            )
        }
        return blocks
    }
}

import MartletCore
import MartletWire

extension OpenAIResponsesRequestEncoder {
    /// Where a message stands in the caller's body.
    private func messagePath(_ index: Int) -> String {
        guard request.dialect == .anthropicMessages, request.messages.first?.role == .system else {
            return "messages[\(index)]"
        }
        return index == 0 ? "system" : "messages[\(index - 1)]"
    }

    /// Appends the items of a message.
    ///
    /// - Throws: ``GatewayError`` for what the model would not see.
    mutating func appendItems(_ index: Int) throws(GatewayError) {
        let message = request.messages[index]
        let path = messagePath(index)
        if !isNative {
            if message.name != nil { dropped.add("name", in: path) }
            if message.extra.value("function_call") != nil {
                throw .unsupported(path + ".function_call", "Legacy functions have no form for this model; use tools.")
            }
        }
        // In this dialect the members of a message are those of its item; only a chat completion's turn has others.
        if !isNative || message.role == .assistant || message.role == .tool {
            dropped.add(message.extra.withoutMarks, in: path)
        }
        switch message.role {
        case .system, .developer, .user, .tool: try appendOthers(message, path)
        case .assistant: try appendTurn(message, path)
        case .other where isNative: try appendOthers(message, path)
        case .function, .other:
            throw .unsupported(path + ".role", "A message of this role has no form for this model.")
        }
    }

    /// Appends what is not the model's: results of tools, and a message of the rest.
    private mutating func appendOthers(_ message: ChatMessage, _ path: String) throws(GatewayError) {
        let paths = ContentPaths(message, path, request.dialect)
        var content: [[UInt8]] = []
        var plain: String?
        var count = 0
        for (position, part) in message.parts.enumerated() {
            switch part {
            case .toolResult(let result):
                let place = message.role == .tool ? path : paths[position]
                try appendResult(result, place)
            case .other(_, let value) where isNative && message.role == .tool: items.append(value.bytes)
            default:
                count += 1
                plain = plainText(part)
                content.append(try contentPart(part, isModel: false, at: paths[position]))
            }
        }
        if content.isEmpty, message.role == .tool || !message.parts.isEmpty { return }
        let extra = isNative ? message.extra.withoutMarks : []
        let object = Self.object { writer in
            if !extra.isEmpty { writer.member("type", "message") }
            writer.member("role", message.role == .tool ? "user" : message.role.name)
            Self.write(content, plain: count == 1 && extra.isEmpty ? plain : nil, to: &writer)
            writer.members(extra.without("type"))
        }
        items.append(object)
    }

    /// Appends what the model said and did, in order.
    private mutating func appendTurn(_ message: ChatMessage, _ path: String) throws(GatewayError) {
        let paths = ContentPaths(message, path, request.dialect)
        var group = Group()
        var calls = 0
        for (position, part) in message.parts.enumerated() {
            switch part {
            case .reasoning(let reasoning):
                append(&group)
                appendReasoning(reasoning, path)
            case .toolCall(let call):
                append(&group)
                let isChat = request.dialect != .anthropicMessages
                appendCall(call, isChat ? "\(path).tool_calls[\(calls)]" : paths[position])
                calls += 1
            case .toolResult(let result): try appendResult(result, paths[position])
            case .other(_, let value) where isNative && !isContent(value):
                append(&group)
                items.append(value.bytes)
            default:
                if let mark = part.itemMark {
                    append(&group)
                    group.mark = mark
                }
                // An empty text says nothing.
                if !isNative, case .text(let text) = part, text.text.isEmpty { continue }
                group.plain = group.parts.isEmpty ? plainText(part) : nil
                group.parts.append(try contentPart(part, isModel: true, at: paths[position]))
            }
        }
        if let refusal = message.refusal, !refusal.isEmpty {
            group.plain = nil
            group.parts.append(try contentPart(.refusal(ChatText(refusal)), isModel: true, at: path))
        }
        append(&group)
    }

    /// Whether a value is a part of content that only this dialect has, and no item.
    private func isContent(_ value: JSONText) -> Bool {
        guard let document = try? JSONDocument(value.bytes) else { return false }
        return document.withView { view in
            let type = view.member("type")?.string() ?? ""
            return type.hasPrefix("input_") || type.hasPrefix("output_")
        }
    }

    /// The parts of one message item of the model.
    private struct Group {
        var parts: [[UInt8]] = []
        /// The one part, where it can be written as a string.
        var plain: String?
        var mark: JSONText?
    }

    private mutating func append(_ group: inout Group) {
        defer { group = Group() }
        guard !group.parts.isEmpty else { return }
        let isShort = group.mark.map { $0.bytes.elementsEqual("{}".utf8) } ?? true
        let plain = isShort && group.parts.count == 1 ? group.plain : nil
        let object = Self.object { writer in
            if !isShort { writer.member("type", "message") }
            writer.member("role", "assistant")
            Self.write(group.parts, plain: plain, to: &writer)
            writer.membersOf(group.mark)
        }
        items.append(object)
    }

    private static func write(_ content: [[UInt8]], plain: String?, to writer: inout JSONWriter) {
        if let plain { return writer.member("content", plain) }
        writer.key("content")
        writer.array { writer in
            for part in content { writer.raw(part) }
        }
    }

    private static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reserving: 96)
        writer.object { body(&$0) }
        return writer.bytes
    }

    private mutating func appendReasoning(_ reasoning: ChatReasoning, _ path: String) {
        let isOwn = reasoning.origin == origin || reasoning.origin == nil || origin == nil
        let isMine = isNative ? isOwn : reasoning.isSealed && reasoning.origin != nil && isOwn
        guard isMine, reasoning.redacted == nil, !reasoning.isGeminis, !reasoning.isDetails else {
            guard !reasoning.text.isEmpty || reasoning.isSealed else { return }
            return dropped.add(reasoning.isSealed ? "thinking_blocks" : "reasoning_content", in: path)
        }
        if reasoning.signature != nil { returnsReasoning = true }
        let extra = reasoning.extra.withoutMarks
        let object = Self.object { writer in
            writer.member("type", "reasoning")
            if extra.value("summary") == nil {
                writer.key("summary")
                writer.array { writer in
                    guard !reasoning.text.isEmpty else { return }
                    writer.object { writer in
                        writer.member("type", "summary_text")
                        writer.member("text", reasoning.text)
                    }
                }
            }
            writer.member("encrypted_content", reasoning.signature)
            writer.members(
                isNative ? extra : extra.filter { ["id", "summary", "content", "status"].contains($0.name) }
            )
        }
        items.append(object)
    }

    private mutating func appendCall(_ call: ChatToolCall, _ path: String) {
        let isCustom = call.kind == .custom
        let name = isNative ? call.name : names.name(call.name)
        let id = isNative ? call.id : names.id(call.id)
        if isCustom { customCalls.insert(call.id) }
        if !isNative {
            dropped.add(call.extra, in: path)
            dropped.add(call.innerExtra, in: path + (isCustom ? ".custom" : ".function"))
        }
        let object = Self.object { writer in
            writer.member("type", isCustom ? "custom_tool_call" : "function_call")
            writer.member("call_id", id)
            writer.member("name", name)
            // Nothing at all is no JSON, which the API wants here.
            let arguments = call.arguments.isEmpty && !isCustom && !isNative ? "{}" : call.arguments
            writer.member(isCustom ? "input" : "arguments", arguments)
            if isNative { writer.members(call.extra.withoutMarks) }
        }
        items.append(object)
    }

    private mutating func appendResult(_ result: ChatToolResult, _ path: String) throws(GatewayError) {
        let known = result.extra.string(ResponsesMark.type)
        let type = known ?? (customCalls.contains(result.callID) ? "custom_tool_call_output" : "function_call_output")
        let id = isNative ? result.callID : names.id(result.callID)
        if !isNative {
            dropped.add(result.extra.withoutMarks, in: path)
            if result.isError == true { dropped.add("is_error", in: path) }
        }
        var content: [[UInt8]] = []
        for (position, part) in result.content.enumerated() {
            let isOnly = result.content.count == 1 && part.isPlainText
            content.append(
                try contentPart(part, isModel: false, at: isOnly ? "\(path).content" : "\(path).content[\(position)]")
            )
        }
        var plain: String? = content.isEmpty ? "" : nil
        if content.count == 1, let text = plainText(result.content[0]) { plain = text }
        let object = Self.object { writer in
            writer.member("type", type)
            writer.member("call_id", id)
            if let plain {
                writer.member("output", plain)
            } else {
                writer.key("output")
                writer.array { writer in
                    for part in content { writer.raw(part) }
                }
            }
            if isNative { writer.members(result.extra.withoutMarks) }
        }
        items.append(object)
    }

    /// Writes a part of content.
    ///
    /// - Parameter isModel: Whether the model said it.
    /// - Throws: ``GatewayError`` for a part without which the model would not see what the caller means.
    private mutating func contentPart(
        _ part: ChatPart,
        isModel: Bool,
        at path: @autoclosure () -> String
    ) throws(GatewayError) -> [UInt8] {
        switch part {
        case .text(let text):
            let extra = kept(text.extra, at: path())
            return Self.part(isModel ? "output_text" : "input_text", extra) { writer in
                writer.member("text", text.text)
                guard isModel, extra.value("annotations") == nil else { return }
                writer.key("annotations")
                writer.array { _ in }
            }
        case .refusal(let text):
            return Self.part("refusal", kept(text.extra, at: path())) { $0.member("refusal", text.text) }
        case .image(let image) where !isModel || isNative:
            if !isNative { dropped.add(image.innerExtra, in: DroppedPaths.path(path(), "image_url")) }
            let inner = isNative ? image.innerExtra : []
            return Self.part("input_image", kept(image.extra, at: path()) + inner) { writer in
                writer.member("image_url", image.url)
                writer.member("detail", image.detail ?? (isNative ? nil : "auto"))
            }
        case .file(let file) where !isModel || isNative:
            if !isNative { dropped.add(file.innerExtra, in: DroppedPaths.path(path(), "file")) }
            let inner = isNative ? file.innerExtra : []
            return Self.part("input_file", kept(file.extra, at: path()) + inner) { writer in
                writer.member("file_id", file.fileID)
                writer.member("file_data", file.dataURL)
                writer.member("file_url", file.url)
                writer.member("filename", file.filename)
            }
        case .audio(let audio) where isNative:
            return Self.part("input_audio", kept(audio.extra, at: path())) { writer in
                writer.key("input_audio")
                writer.object { writer in
                    writer.member("data", audio.base64)
                    writer.member("format", audio.format)
                    writer.members(audio.innerExtra)
                }
            }
        case .other(_, let value) where isNative: return value.bytes
        case .image, .file, .audio, .other, .reasoning, .toolCall, .toolResult:
            throw .unsupported(path(), "Content of this kind has no form for this model at this place.")
        }
    }

    /// The unknown members of a part that are written: all in this dialect, the mark of a cached prompt in others.
    private mutating func kept(_ extra: [ExtraMember], at path: @autoclosure () -> String) -> [ExtraMember] {
        if isNative || extra.isEmpty { return extra.withoutMarks }
        guard request.dialect == .openAIChat else {
            dropped.add(extra, in: path())
            return []
        }
        dropped.add(extra.without("prompt_cache_breakpoint"), in: path())
        return extra.filter { $0.name == "prompt_cache_breakpoint" && !$0.isNull }
    }

    /// The text of a part that is written as a string where it stands alone.
    private func plainText(_ part: ChatPart) -> String? {
        guard case .text(let text) = part else { return nil }
        let isMarked = text.extra.withoutMarks.contains { member in
            isNative
                || request.dialect == .openAIChat && member.name == "prompt_cache_breakpoint" && !member.isNull
        }
        return isMarked ? nil : text.text
    }

    private static func part(
        _ type: String,
        _ extra: [ExtraMember],
        _ body: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: 64)
        writer.object { writer in
            writer.member("type", type)
            body(&writer)
            writer.members(extra)
        }
        return writer.bytes
    }

    /// Where the parts of a message stand in the caller's body.
    private struct ContentPaths {
        private let path: String
        private var positions: [Int] = []
        /// Whether the content may have been written as a plain string.
        private let isString: Bool

        init(_ message: ChatMessage, _ path: String, _ dialect: Dialect) {
            self.path = path == "system" ? path : path + ".content"
            let countsAll = dialect == .anthropicMessages
            var next = 0
            for part in message.parts {
                positions.append(next)
                switch part {
                case .reasoning, .toolCall: if countsAll { next += 1 }
                default: next += 1
                }
            }
            isString = next == 1 && message.parts.contains(where: \.isPlainText)
        }

        subscript(position: Int) -> String { isString ? path : "\(path)[\(positions[position])]" }
    }
}

public import MartletCore
import MartletWire

extension ChatRequest {
    /// Makes a chat completion's request of one in OpenAI's responses.
    ///
    /// - Parameter target: The dialect of the target; some have a place for what others do not.
    /// - Throws: ``GatewayError``: `unsupported_parameter` for what must not be left out, `invalid_value` for
    ///   references to what the gateway does not keep.
    public func lowered(for target: Dialect) throws(GatewayError) -> LoweredRequest {
        var lowering = ResponsesLowering(self, target: target)
        return try lowering.lower()
    }
}

/// Turns a request of this dialect into one of chat completions.
struct ResponsesLowering {
    let source: ChatRequest
    let target: Dialect
    let tools: ResponsesToolMap
    var dropped = DroppedPaths()
    var messages: [ChatMessage] = []
    var places: [ResponsesPlace] = []
    var toolPaths: [String] = []
    /// Whether the target is to search the web itself.
    var searches = false
    /// The number of the next item.
    var itemIndex = 0

    init(_ source: ChatRequest, target: Dialect) {
        self.source = source
        self.target = target
        tools = ResponsesToolMap(source)
        // What the caller did not send itself has no number.
        itemIndex = -ResponsesMark.historyCount(source.extra)
    }

    mutating func lower() throws(GatewayError) -> LoweredRequest {
        for name in ["conversation", "prompt"] where source.extra.value(name) != nil {
            throw .unsupported(name, "What the vendor keeps cannot be read by this model.")
        }
        if source.extra.value("previous_response_id") != nil {
            throw .invalid("previous_response_id", "must name a response that is kept")
        }
        for message in source.messages { try lower(message) }
        if target == .openAIChat { settleResults() }
        var request = source
        request.dialect = .openAIChat
        request.messages = messages
        lowerTools(&request)
        lowerSampling(&request)
        request.extra = rest()
        if searches { request.extra.append(ExtraMember(name: "web_search_options", value: JSONText("{}"))) }
        request.metadata = nil
        let pads = source.streamOptions?.includeObfuscation == true
        if pads { dropped.add("stream_options.include_obfuscation") }
        dropped.add(source.streamOptions?.extra ?? [], in: "stream_options")
        request.streamOptions =
            source.stream == true && target == .openAIChat ? ChatStreamOptions(includeUsage: true) : nil
        var lowered = LoweredRequest(request: request)
        var named = DroppedPaths()
        for path in dropped.paths { named.add(LoweredRequest.clipped(path)) }
        (lowered.dropped, lowered.places, lowered.toolPaths) = (named.paths, places, toolPaths)
        return lowered
    }

    /// The members both dialects have, and names of those only this one has.
    private mutating func rest() -> [ExtraMember] {
        var kept: [ExtraMember] = []
        for member in source.extra where !member.isNull && !ResponsesMark.isMark(member) {
            switch member.name {
            case "verbosity", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
                "safety_identifier", "service_tier", "moderation":
                kept.append(member)
            // The gateway keeps responses itself, and has told what it cannot do.
            case "store", "background", "previous_response_id": break
            case "truncation" where member.value.bytes.elementsEqual(#""disabled""#.utf8): break
            case "include": dropIncludes(member.value)
            case "reasoning", "text": dropMembers(member)
            default: dropped.add(member.name, in: "")
            }
        }
        return kept
    }

    private mutating func dropIncludes(_ value: JSONText) {
        guard let document = try? JSONDocument(value.bytes) else { return }
        let names = document.withView { view in view.elements.map { $0.string() ?? "" } }
        for (index, name) in names.enumerated() {
            switch name {
            case "reasoning.encrypted_content", "message.output_text.logprobs": break
            default: dropped.add("include[\(index)]")
            }
        }
    }

    private mutating func dropMembers(_ member: ExtraMember) {
        guard let document = try? JSONDocument(member.value.bytes) else { return }
        let names = document.withView { view in
            view.members.compactMap { $0.value.isNull ? nil : $0.key.string() }
        }
        // Reasoning is always told as a summary where the model tells any.
        for name in names where name != "summary" && name != "generate_summary" { dropped.add(name, in: member.name) }
    }

    private func lowerSampling(_ request: inout ChatRequest) {
        let include = source.extra.value("include").map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        if include.contains("message.output_text.logprobs") || (request.sampling.topLogprobs ?? 0) > 0 {
            request.sampling.logprobs = true
        } else {
            request.sampling.topLogprobs = nil
        }
    }
}

extension ResponsesLowering {
    /// Where the next item stands in the caller's body.
    private var itemPath: String {
        if itemIndex < 0 { return "previous_response_id" }
        if source.messages.contains(where: { $0.extra.value(ResponsesMark.string) != nil }) { return "input" }
        return source.extra.value(ResponsesMark.messages.name) == nil ? "input[\(itemIndex)]" : "messages[\(itemIndex)]"
    }

    private mutating func lower(_ message: ChatMessage) throws(GatewayError) {
        switch message.role {
        case .assistant: try lowerTurn(message)
        case .tool: try lowerResults(message)
        default:
            let isInstructions = message.isInstructions
            let isString = message.extra.value(ResponsesMark.string) != nil
            let path = isInstructions ? "instructions" : itemPath
            var place = ResponsesPlace(message: path)
            // Not every model knows the newer name, and some refuse both in one request.
            let role = message.role == .developer ? .system : message.role
            var lowered = ChatMessage(role: role, parts: [], name: message.name, refusal: message.refusal)
            let isPlain = message.parts.count == 1 && message.parts[0].isPlainText
            for (index, part) in message.parts.enumerated() {
                let partPath =
                    isInstructions || isString ? path : isPlain ? "\(path).content" : "\(path).content[\(index)]"
                lowered.parts.append(try content(part, at: partPath))
                place.contents.append(partPath)
            }
            lowered.extra = keep(message.extra, at: path)
            if !isInstructions { itemIndex += 1 }
            messages.append(lowered)
            places.append(place)
        }
    }

    /// Lowers what the model said and did in one turn.
    private mutating func lowerTurn(_ message: ChatMessage) throws(GatewayError) {
        var place = ResponsesPlace(message: itemPath)
        var lowered = ChatMessage(role: .assistant, parts: [], name: message.name, refusal: message.refusal)
        // A message of chat completions is one element with all its parts.
        let isOne = message.extra.value(ResponsesMark.chat.name) != nil
        var content = 0
        var isInMessage = false
        for part in message.parts {
            let isContent = part.isModelContent
            if isContent, part.itemMark != nil || !isInMessage {
                if isInMessage { itemIndex += 1 }
                (isInMessage, content) = (true, 0)
            } else if !isContent, isInMessage, !isOne {
                itemIndex += 1
                isInMessage = false
            }
            let path = itemPath
            switch part {
            case .reasoning(let reasoning):
                if let kept = keep(reasoning, at: path) {
                    lowered.parts.append(.reasoning(kept))
                    place.reasoning = place.reasoning ?? path
                }
            case .toolCall(let call):
                lowered.parts.append(.toolCall(lower(call, at: path)))
                place.calls.append(path)
            case .other(let type, _) where !isContent:
                if type == "item_reference" { throw .invalid(path, "must name an item that is kept") }
                dropped.add(path)
            default:
                let partPath = "\(path).content[\(content)]"
                if let mark = part.itemMark { dropped.add(members(of: mark), in: path) }
                lowered.parts.append(try self.content(part, at: partPath))
                place.contents.append(partPath)
                content += 1
            }
            if !isContent, !isOne { itemIndex += 1 }
        }
        if isInMessage || isOne { itemIndex += 1 }
        lowered.extra = keep(message.extra, at: place.message)
        guard !lowered.parts.isEmpty || lowered.refusal != nil else { return }
        messages.append(lowered)
        places.append(place)
    }

    /// The members of an item that a model of another vendor has no use for but a caller may mean.
    private func members(of mark: JSONText) -> [ExtraMember] {
        guard let document = try? JSONDocument(mark.bytes) else { return [] }
        let members = document.withView { view in
            view.members.map { ExtraMember(name: $0.key.string() ?? "", value: $0.value.text) }
        }
        return members.filter { !Self.bookkeeping.contains($0.name) }
    }

    /// Members by which items are kept, which say nothing to a model.
    private static let bookkeeping: Set<String> = [
        "type", "id", "status", "phase", "created_by", "namespace", "annotations", "logprobs",
    ]

    /// Keeps the marks of cached prompts and names the rest.
    private mutating func keep(_ extra: [ExtraMember], at path: @autoclosure () -> String) -> [ExtraMember] {
        guard !extra.isEmpty else { return [] }
        var kept: [ExtraMember] = []
        for member in extra where !member.isNull && !ResponsesMark.isMark(member) {
            if member.name == "prompt_cache_breakpoint" || member.name == "cache_control" {
                kept.append(member)
            } else if !Self.bookkeeping.contains(member.name) {
                dropped.add(member.name, in: path())
            }
        }
        return kept
    }

    /// Keeps reasoning that the target's provider may know; `nil` for what only another one can read.
    private mutating func keep(_ reasoning: ChatReasoning, at path: String) -> ChatReasoning? {
        // The vendor's own blob, and in chat completions any proof at all, means nothing to the target.
        let mayGoBack = target == .openAIChat && reasoning.isDetails
        let isForeign = reasoning.isSealed && !mayGoBack && (reasoning.origin == nil || target == .openAIChat)
        guard !isForeign else {
            // Named once: a long conversation holds hundreds of them.
            dropped.add("input[reasoning]")
            return nil
        }
        guard !reasoning.text.isEmpty || reasoning.isSealed else { return nil }
        var kept = reasoning
        kept.extra = []
        dropped.add(
            reasoning.extra.without("summary", "content").filter { !Self.bookkeeping.contains($0.name) },
            in: path
        )
        return kept
    }

    private mutating func lower(_ call: ChatToolCall, at path: String) -> ChatToolCall {
        let name = tools.name(call.name, namespace: call.extra.string("namespace"))
        let arguments = call.kind == .custom ? ResponsesToolMap.arguments(call.arguments) : call.arguments
        dropped.add(call.extra.filter { !Self.bookkeeping.contains($0.name) }, in: path)
        return ChatToolCall(id: call.id, name: name, arguments: arguments)
    }

    /// Lowers the results of tools, each an item.
    private mutating func lowerResults(_ message: ChatMessage) throws(GatewayError) {
        for part in message.parts {
            let path = itemPath
            itemIndex += 1
            guard case .toolResult(var result) = part else {
                dropped.add(path)
                continue
            }
            var place = ResponsesPlace(message: path)
            let isPlain = result.content.count == 1 && result.content[0].isPlainText
            var content: [ChatPart] = []
            for (index, part) in result.content.enumerated() {
                let partPath = isPlain ? "\(path).output" : "\(path).output[\(index)]"
                content.append(try self.content(part, at: partPath))
                place.contents.append(partPath)
            }
            result.content = content
            result.extra = keep(result.extra, at: path)
            messages.append(ChatMessage(role: .tool, parts: [.toolResult(result)]))
            places.append(place)
        }
    }

    /// Lowers a part of content.
    private mutating func content(_ part: ChatPart, at path: String) throws(GatewayError) -> ChatPart {
        switch part {
        case .text(var text):
            text.extra = keep(text.extra, at: path)
            return .text(text)
        case .refusal(var text):
            text.extra = keep(text.extra, at: path)
            return .refusal(text)
        case .image(var image):
            image.extra = keep(image.extra, at: path)
            return .image(image)
        case .audio(var audio):
            audio.extra = keep(audio.extra, at: path)
            return .audio(audio)
        case .file(var file):
            if file.url != nil, target == .openAIChat {
                throw .unsupported(path + ".file_url", "A document by address has no form for this model.")
            }
            file.extra = keep(file.extra, at: path)
            return .file(file)
        case .reasoning, .toolCall, .toolResult, .other:
            throw .unsupported(path, "Content of this kind has no form for this model at this place.")
        }
    }
}

extension ChatPart {
    /// Whether the part stands in the content of what the model said.
    fileprivate var isModelContent: Bool {
        switch self {
        case .text, .image, .audio, .file, .refusal: true
        case .other(let type, _): type.hasPrefix("input_") || type.hasPrefix("output_")
        case .reasoning, .toolCall, .toolResult: false
        }
    }
}

import MartletCore
import MartletWire

extension AnthropicPortableRequest {
    /// Writes the conversation in the shape of an OpenAI chat.
    mutating func convertMessages() throws(GatewayError) {
        let hasSystem = source.hasLeadingSystem
        for (index, message) in source.messages.enumerated() {
            let path = !hasSystem ? "messages[\(index)]" : index == 0 ? "system" : "messages[\(index - 1)]"
            dropped.add(message.extra, in: path)
            switch message.role {
            case .system, .developer: convertSystem(message, path)
            case .assistant: try convertAssistant(message, path)
            case .user: try convertUser(message, path)
            case .tool, .function, .other:
                dropped.add("role", in: path)
                try convertUser(message, path)
            }
        }
    }

    /// The texts of a system message in one: many servers know them as a string only.
    private mutating func convertSystem(_ message: ChatMessage, _ path: String) {
        var texts: [String] = []
        var parts: [(text: ChatText, path: String)] = []
        for (place, part) in zip(Self.places(message, path), message.parts) {
            guard case .text(let text) = part else {
                dropped.add(place)
                continue
            }
            if target == .bedrockConverse {
                if !text.text.isEmpty { parts.append((ChatText(text.text, extra: portable(text.extra, place)), place)) }
                continue
            }
            dropped.add(text.extra, in: place)
            if !text.text.isEmpty { texts.append(text.text) }
        }
        if !parts.isEmpty {
            let message = ChatMessage(role: .system, parts: parts.map { .text($0.text) })
            return append(message, from: Place(message: path, parts: parts.map(\.path)))
        }
        guard !texts.isEmpty else { return }
        let joined = ChatMessage(role: .system, text: texts.joined(separator: "\n\n"))
        append(joined, from: Place(message: path, parts: [path == "system" ? path : path + ".content"]))
    }

    private mutating func convertAssistant(_ message: ChatMessage, _ path: String) throws(GatewayError) {
        var place = Place(message: path)
        var parts: [ChatPart] = []
        for (path, part) in zip(Self.places(message, path), message.parts) {
            switch part {
            case .reasoning(let reasoning):
                let kept = convert(reasoning, path)
                parts.append(contentsOf: kept)
                guard !kept.isEmpty else { continue }
                if reasoning.isSealed { place.sealed.append(path) } else { place.unsealed.append(path) }
            case .toolCall(let call):
                var sent = ChatToolCall(id: id(call.id), name: names.name(call.name), arguments: call.arguments)
                sent.extra = portable(call.extra, path)
                parts.append(.toolCall(sent))
                place.calls.append(path)
            default:
                for part in try convert(part, path) {
                    // Elsewhere the model's own turn is text.
                    guard case .text = part else {
                        dropped.add(path)
                        continue
                    }
                    parts.append(part)
                    place.parts.append(path)
                }
            }
        }
        let saysSomething = parts.contains { if case .reasoning = $0 { false } else { true } }
        guard saysSomething else {
            // Thoughts alone make no turn of an OpenAI chat.
            if !parts.isEmpty { dropped.add(path) }
            return
        }
        append(ChatMessage(role: .assistant, parts: parts), from: place)
    }

    /// Thinking that was shown to the caller without a signature came from a server that has none, and may want it back;
    /// what Anthropic signed only Anthropic can read.
    private mutating func convert(_ reasoning: ChatReasoning, _ path: String) -> [ChatPart] {
        // What Gemini signed goes back to it, also without a text.
        if target == .gemini {
            if reasoning.isGeminis { return [.reasoning(reasoning)] }
            if reasoning.isSealed || !reasoning.text.isEmpty { dropped.add(path) }
            return []
        }
        if target == .bedrockConverse, reasoning.isSealed {
            dropped.add(reasoning.extra, in: path)
            var sealed = reasoning
            sealed.extra = []
            return [.reasoning(sealed)]
        }
        // Whether it is the target's own is told when it is written.
        if target == .openAIChat, reasoning.isDetails { return [.reasoning(reasoning)] }
        guard !reasoning.isSealed, !reasoning.text.isEmpty else {
            if reasoning.isSealed { dropped.add(path) }
            return []
        }
        dropped.add(reasoning.extra, in: path)
        return [.reasoning(ChatReasoning(reasoning.text))]
    }

    /// Results become messages of their own, in front of the rest of the turn.
    private mutating func convertUser(_ message: ChatMessage, _ path: String) throws(GatewayError) {
        var moved: [(part: ChatPart, path: String)] = []
        var rest: [(part: ChatPart, path: String)] = []
        for (path, part) in zip(Self.places(message, path), message.parts) {
            switch part {
            case .toolResult(let result): try convertResult(result, path, &moved)
            case .reasoning, .toolCall: dropped.add(path)
            default:
                for part in try convert(part, path) { rest.append((part, path)) }
            }
        }
        let parts = moved + rest
        guard !parts.isEmpty else { return }
        append(
            ChatMessage(role: .user, parts: parts.map(\.part)),
            from: Place(message: path, parts: parts.map(\.path))
        )
    }

    private mutating func convertResult(
        _ result: ChatToolResult,
        _ path: String,
        _ moved: inout [(part: ChatPart, path: String)]
    ) throws(GatewayError) {
        let extra = portable(result.extra, path)
        let isString = result.content.count == 1 && result.content[0].isPlainText
        var content: [(part: ChatPart, path: String)] = []
        for (index, part) in result.content.enumerated() {
            let place = isString ? path + ".content" : "\(path).content[\(index)]"
            for part in try convert(part, place) {
                guard target == .openAIChat, !part.isText else {
                    content.append((part, place))
                    continue
                }
                // OpenAI's results are text, so that the picture follows in the next message.
                content.append((.text(ChatText("(See the attachment in the next message.)")), place))
                moved.append((.text(ChatText("Attachment of the tool result \(id(result.callID)):")), place))
                moved.append((part, place))
            }
        }
        let keepsFlag = target == .bedrockConverse || target == .gemini
        if result.isError == true, !keepsFlag { Self.mark(&content, path) }
        // A result without content is refused.
        if content.isEmpty { content.append((.text(ChatText("")), path)) }
        var sent = ChatToolResult(
            callID: id(result.callID),
            content: content.map(\.part),
            isError: keepsFlag ? result.isError : nil
        )
        sent.extra = extra
        append(
            ChatMessage(role: .tool, parts: [.toolResult(sent)]),
            from: Place(message: path, parts: content.map(\.path))
        )
    }

    /// Says in words that a tool failed; the other formats have no flag for it.
    private static func mark(_ content: inout [(part: ChatPart, path: String)], _ path: String) {
        if case .text(let text)? = content.first?.part {
            content[0].part = .text(ChatText("Error: " + text.text))
        } else {
            content.insert((.text(ChatText("Error:")), path), at: 0)
        }
    }

    /// A part without what only Anthropic knows; nothing when it has no form elsewhere, and several for a document that
    /// is made of parts.
    private mutating func convert(_ part: ChatPart, _ path: String) throws(GatewayError) -> [ChatPart] {
        switch part {
        case .text(let text):
            let extra = portable(text.extra, path)
            return text.text.isEmpty ? [] : [.text(ChatText(text.text, extra: extra))]
        case .image(let image):
            var sent = ChatImage(url: image.url)
            sent.extra = portable(image.extra, path)
            dropped.add(image.innerExtra, in: path + ".source")
            return [.image(sent)]
        case .file(let file):
            let extra = portable(file.extra, path)
            dropped.add(file.innerExtra, in: path + ".source")
            if target == .openAIChat, file.dataURL == nil {
                throw .unsupported(path + ".source", "This model takes documents as data, not by address.")
            }
            // OpenAI wants a name beside the data.
            let name = file.filename ?? (file.dataURL == nil ? nil : "document.pdf")
            var sent = ChatFile(dataURL: file.dataURL, url: file.url, filename: name)
            sent.extra = extra
            return [.file(sent)]
        case .other(let type, let value):
            guard let document = try? JSONDocument(value.bytes) else { break }
            return try document.withView { (view) throws(GatewayError) in try convert(type, view, path) }
        case .audio, .refusal, .reasoning, .toolCall, .toolResult: break
        }
        dropped.add(path)
        return []
    }

    /// Converts a block that only this dialect has.
    private mutating func convert(_ type: String, _ view: JSONView, _ path: String) throws(GatewayError) -> [ChatPart] {
        switch type {
        case "document": return try convert(document: view, path)
        case "image":
            throw .unsupported(path + ".source", "A file uploaded to Anthropic cannot be read by this model.")
        case "search_result": return convert(searchResult: view, path)
        default:
            dropped.add(path)
            return []
        }
    }

    private mutating func convert(document view: JSONView, _ path: String) throws(GatewayError) -> [ChatPart] {
        guard let source = view.member("source") else { return [] }
        name(view, except: ["type", "source", "title", "context"], path)
        var heading: [String] = []
        for text in [view.member("title")?.string(), view.member("context")?.string()] {
            if let text, !text.isEmpty { heading.append(text) }
        }
        if source.member("type")?.equalsString("text") == true {
            name(source, except: ["type", "media_type", "data"], path + ".source")
            let text = source.member("data")?.string() ?? ""
            return [.text(ChatText((heading + [text]).joined(separator: "\n\n")))]
        }
        guard source.member("type")?.equalsString("content") == true, let content = source.member("content") else {
            throw .unsupported(path + ".source", "A file uploaded to Anthropic cannot be read by this model.")
        }
        name(source, except: ["type", "content"], path + ".source")
        var parts: [ChatPart] = heading.isEmpty ? [] : [.text(ChatText(heading.joined(separator: "\n\n")))]
        guard let blocks = try? ChatPart.parts(anthropic: content) else {
            throw .invalid(path + ".source.content", "must be a string or an array of blocks")
        }
        for (index, block) in blocks.enumerated() {
            switch block {
            // Documents hold no documents, so that nothing nests here.
            case .text, .image: parts.append(contentsOf: try convert(block, "\(path).source.content[\(index)]"))
            default: dropped.add("\(path).source.content[\(index)]")
            }
        }
        return parts
    }

    private mutating func convert(searchResult view: JSONView, _ path: String) -> [ChatPart] {
        name(view, except: ["type", "source", "title", "content"], path)
        var lines: [String] = []
        for text in [view.member("title")?.string(), view.member("source")?.string()] {
            if let text, !text.isEmpty { lines.append(text) }
        }
        for (index, block) in (view.member("content")?.elements ?? view.elements).enumerated() {
            let place = "\(path).content[\(index)]"
            guard let text = block.member("text")?.string() else {
                dropped.add(place)
                continue
            }
            name(block, except: ["type", "text"], place)
            lines.append(text)
        }
        return [.text(ChatText(lines.joined(separator: "\n")))]
    }

    /// Names the members of an object that are not in a list.
    private mutating func name(_ view: JSONView, except names: [String], _ path: String) {
        for member in view.members where !member.value.isNull {
            let key = member.key.string() ?? ""
            if !names.contains(key) { dropped.add(key, in: path) }
        }
    }

    /// The id that is sent for a call, the same for its result; OpenAI takes 40 bytes.
    private mutating func id(_ id: String) -> String {
        guard target.isOpenAI, id.utf8.count > 40 else {
            usedIDs.insert(id)
            return id
        }
        if let known = ids[id] { return known }
        let end = String(decoding: id.utf8.suffix(36).map { $0 < 0x80 ? $0 : 0x5F }, as: UTF8.self)
        var sent = end
        var number = 2
        while !usedIDs.insert(sent).inserted {
            sent = "\(end.suffix(32))_\(number)"
            number += 1
        }
        ids[id] = sent
        return sent
    }

    /// Where the parts of a message stood.
    private static func places(_ message: ChatMessage, _ path: String) -> [String] {
        let content = path == "system" ? path : path + ".content"
        if message.parts.count == 1, message.parts[0].isPlainText { return [content] }
        return message.parts.indices.map { "\(content)[\($0)]" }
    }
}

extension ChatPart {
    fileprivate var isText: Bool { if case .text = self { true } else { false } }
}

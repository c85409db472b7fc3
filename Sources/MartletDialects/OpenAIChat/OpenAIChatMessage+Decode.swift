import MartletCore
import MartletWire

extension ChatMessage {
    /// Decodes a message of a request.
    init(request view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let role = ChatRole(name: try reader.requireString("role"))
        var content: [ChatPart] = []
        if let value = reader.takeValue("content") { content = try ChatPart.parts(request: value) }
        if role == .tool {
            let id = try reader.requireString("tool_call_id")
            content = [.toolResult(ChatToolResult(callID: id, content: content))]
        }
        self.init(role: role, content: content, &reader)
    }

    /// Decodes a message of an answer; what cannot be understood is kept as it came.
    init(response view: JSONView) {
        guard var reader = try? JSONObjectReader(view) else {
            self.init(role: .assistant, parts: [.other(type: "", value: view.text)])
            return
        }
        let role = ChatRole(name: reader.lenientString("role") ?? "assistant")
        var content: [ChatPart] = []
        if let value = reader.peek("content"), value.kind == .string || value.kind == .array || value.isNull {
            _ = reader.take("content")
            content = ChatPart.parts(response: value)
        }
        self.init(role: role, content: content, &reader)
    }

    private init(role: ChatRole, content: [ChatPart], _ reader: inout JSONObjectReader) {
        var parts = content
        let sealed = ChatReasoning.blocks(reader.peek("thinking_blocks"))
        if sealed != nil { _ = reader.take("thinking_blocks") }
        let sealedText = sealed.map { $0.map(\.reasoning.text).joined() } ?? ""
        // Servers name reasoning in two ways; when both are there they say the same, and the second stays as it came.
        if let text = reader.lenientString("reasoning_content") ?? reader.lenientString("reasoning"),
            sealed == nil || !text.utf8.elementsEqual(sealedText.utf8)
        {
            parts.insert(.reasoning(ChatReasoning(text)), at: 0)
        }
        if let value = reader.peek("tool_calls"), let calls = ChatToolCall.calls(value) {
            _ = reader.take("tool_calls")
            parts.append(contentsOf: calls.map(ChatPart.toolCall))
        }
        let name = reader.lenientString("name")
        self.init(role: role, parts: parts, name: name, refusal: reader.lenientString("refusal"))
        extra = reader.extra
        if let sealed { insert(sealed) }
    }
}

extension ChatPart {
    /// Decodes the content of a request's message: a string or a list of parts.
    static func parts(request value: JSONView) throws(JSONFieldError) -> [ChatPart] {
        if let text = value.string() { return [.text(ChatText(text))] }
        guard value.kind == .array else { throw value.error(expected: "a string or an array") }
        var parts: [ChatPart] = []
        for element in value.elements { parts.append(try ChatPart(part: element)) }
        return parts
    }

    /// Decodes the content of an answer's message.
    static func parts(response value: JSONView) -> [ChatPart] {
        if let text = value.string() { return [.text(ChatText(text))] }
        return value.elements.map { element in
            if let thinking = ChatPart(thinking: element) { return thinking }
            return (try? ChatPart(part: element)) ?? .other(type: "", value: element.text)
        }
    }

    /// Decodes the reasoning part of servers that put it among the content (`{"type":"thinking","thinking":[…]}`).
    private init?(thinking view: JSONView) {
        guard let type = view.member("type"), type.equalsString("thinking"), let value = view.member("thinking"),
            var reader = try? JSONObjectReader(view)
        else { return nil }
        _ = reader.take("type")
        _ = reader.take("thinking")
        var text = value.string() ?? ""
        for element in value.elements { text += element.member("text")?.string() ?? "" }
        self = .reasoning(ChatReasoning(text, extra: reader.extra))
    }

    private init(part view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        switch type {
        case "text":
            let text = try reader.requireString("text")
            self = .text(ChatText(text, extra: reader.extra))
        case "refusal":
            let text = try reader.requireString("refusal")
            self = .refusal(ChatText(text, extra: reader.extra))
        case "image_url":
            var inner = try JSONObjectReader(try reader.require("image_url", expected: "an object"))
            var image = ChatImage(url: try inner.requireString("url"), detail: try inner.takeString("detail"))
            (image.extra, image.innerExtra) = (reader.extra, inner.extra)
            self = .image(image)
        case "input_audio":
            var inner = try JSONObjectReader(try reader.require("input_audio", expected: "an object"))
            var audio = ChatAudio(base64: try inner.requireString("data"), format: try inner.takeString("format"))
            (audio.extra, audio.innerExtra) = (reader.extra, inner.extra)
            self = .audio(audio)
        case "file":
            var inner = try JSONObjectReader(try reader.require("file", expected: "an object"))
            var file = ChatFile(
                fileID: try inner.takeString("file_id"),
                dataURL: try inner.takeString("file_data"),
                filename: try inner.takeString("filename")
            )
            (file.extra, file.innerExtra) = (reader.extra, inner.extra)
            self = .file(file)
        default:
            self = .other(type: type, value: view.text)
        }
    }
}

extension ChatToolCall {
    /// Decodes a list of calls; `nil` when one of them has a shape this codec does not know.
    static func calls(_ value: JSONView) -> [ChatToolCall]? {
        guard value.kind == .array else { return nil }
        var calls: [ChatToolCall] = []
        for element in value.elements {
            guard let call = ChatToolCall(element) else { return nil }
            calls.append(call)
        }
        return calls
    }

    private init?(_ view: JSONView) {
        guard var reader = try? JSONObjectReader(view) else { return nil }
        let type = reader.lenientString("type") ?? "function"
        let kind: Kind
        switch type {
        case "function": kind = .function
        case "custom": kind = .custom
        default: return nil
        }
        guard var inner = reader.lenientObject(kind == .function ? "function" : "custom"),
            let name = inner.lenientString("name")
        else { return nil }
        let field: StaticString = kind == .function ? "arguments" : "input"
        var arguments = ""
        if let value = inner.takeValue(field) {
            // Some servers send the arguments as an object in place of its text.
            arguments = value.string() ?? String(decoding: value.rawBytes, as: UTF8.self)
        }
        self.init(id: reader.lenientString("id") ?? "", kind: kind, name: name, arguments: arguments)
        (extra, innerExtra) = (reader.extra, inner.extra)
    }
}

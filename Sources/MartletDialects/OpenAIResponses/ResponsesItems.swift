import MartletCore
import MartletWire

/// Makes messages of input items: what one turn of the model did, several items here, is one message.
struct ResponsesItems {
    /// The messages so far.
    var messages: [ChatMessage] = []
    /// The account that reasoning is marked with.
    var origin: String?
    /// Whether the items stood in `messages`.
    private(set) var isChat = false
    private var count = 0
    /// Whether the next item of the model goes on the last message.
    private var isInTurn = false

    /// The most items of a request.
    static let most = 10_000

    /// Starts without items.
    init(origin: String? = nil) { self.origin = origin }

    /// Takes `input`, or `messages` in its place.
    mutating func takeInput(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        let chat = reader.takeValue("messages")
        if let input = reader.takeValue("input") {
            if let text = input.string() {
                var message = ChatMessage(role: .user, text: text)
                message.extra = [ExtraMember(name: ResponsesMark.string, value: JSONText("true"))]
                messages.append(message)
                return
            }
            guard input.kind == .array else { throw input.error(expected: "a string or an array") }
            for element in input.elements { try append(element) }
            if chat == nil || count > 0 { return }
        }
        guard let chat else { return }
        isChat = true
        for element in try chat.requireArray() {
            guard let call = element.member("tool_calls") ?? element.member("tool_call_id"), !call.isNull else {
                try append(element)
                continue
            }
            try countItem(element)
            isInTurn = false
            var message = try ChatMessage(request: element)
            message.extra.append(ResponsesMark.chat)
            messages.append(message)
        }
    }

    private mutating func countItem(_ view: JSONView) throws(JSONFieldError) {
        guard count < Self.most else { throw view.error(expected: "one of at most \(Self.most) items") }
        count += 1
    }

    /// Appends an item of a request.
    mutating func append(_ view: JSONView) throws(JSONFieldError) {
        try countItem(view)
        var reader = try JSONObjectReader(view)
        let type = try reader.takeString("type") ?? (reader.peek("role") == nil ? "item_reference" : "message")
        switch type {
        case "message": try appendMessage(view, &reader)
        case "function_call", "custom_tool_call": appendToTurn(.toolCall(try ChatToolCall(item: &reader, type: type)))
        case "function_call_output", "custom_tool_call_output":
            isInTurn = false
            guard let id = try reader.takeString("call_id") else {
                messages.append(ChatMessage(role: .tool, parts: [.other(type: type, value: view.text)]))
                return
            }
            let output = try reader.require("output", expected: "a string or an array")
            var result = ChatToolResult(callID: id, content: try ChatPart.parts(responses: output))
            result.extra = reader.extra
            if type == "custom_tool_call_output" {
                result.extra.append(
                    ExtraMember(name: ResponsesMark.type, value: JSONText(#""custom_tool_call_output""#))
                )
            }
            messages.append(ChatMessage(role: .tool, parts: [.toolResult(result)]))
        case "reasoning":
            appendToTurn(.reasoning(try ChatReasoning(item: &reader, origin: origin)))
        case "item_reference":
            _ = try reader.requireString("id")
            appendToTurn(.other(type: type, value: view.text))
        default:
            if type.hasSuffix("_output") || type.hasSuffix("_response") {
                isInTurn = false
                messages.append(ChatMessage(role: .tool, parts: [.other(type: type, value: view.text)]))
            } else {
                appendToTurn(.other(type: type, value: view.text))
            }
        }
    }

    private mutating func appendMessage(
        _ view: JSONView,
        _ reader: inout JSONObjectReader
    ) throws(JSONFieldError) {
        let role = ChatRole(name: try reader.requireString("role"))
        let content = try reader.require("content", expected: "a string or an array")
        var parts = try ChatPart.parts(responses: content)
        guard role == .assistant else {
            isInTurn = false
            var message = ChatMessage(role: role, parts: parts)
            message.extra = reader.extra
            messages.append(message)
            return
        }
        let mark = ExtraMember(name: ResponsesMark.item, value: reader.restText)
        if parts.isEmpty { parts = [.text(ChatText(""))] }
        parts[0].mark(mark)
        for part in parts { appendToTurn(part) }
    }

    /// Appends what the model said or did.
    mutating func appendToTurn(_ part: ChatPart) {
        if isInTurn, !messages.isEmpty {
            messages[messages.count - 1].parts.append(part)
        } else {
            messages.append(ChatMessage(role: .assistant, parts: [part]))
            isInTurn = true
        }
    }
}

extension ChatPart {
    /// Adds a mark to a part of content.
    fileprivate mutating func mark(_ member: ExtraMember) {
        switch self {
        case .text(var text):
            text.extra.append(member)
            self = .text(text)
        case .refusal(var text):
            text.extra.append(member)
            self = .refusal(text)
        case .image(var image):
            image.extra.append(member)
            self = .image(image)
        case .audio(var audio):
            audio.extra.append(member)
            self = .audio(audio)
        case .file(var file):
            file.extra.append(member)
            self = .file(file)
        case .reasoning, .toolCall, .toolResult, .other: break
        }
    }

    /// The mark of the item that begins with this part.
    var itemMark: JSONText? {
        switch self {
        case .text(let text), .refusal(let text): text.extra.value(ResponsesMark.item)
        case .image(let image): image.extra.value(ResponsesMark.item)
        case .audio(let audio): audio.extra.value(ResponsesMark.item)
        case .file(let file): file.extra.value(ResponsesMark.item)
        case .reasoning, .toolCall, .toolResult, .other: nil
        }
    }
}

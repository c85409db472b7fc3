import MartletCore
import MartletWire

/// The messages of a request as they are read: results of tools find the calls they belong to.
struct OllamaHistory {
    private(set) var messages: [ChatMessage] = []
    /// The calls of the last message that had some, without those that were answered.
    private var open: [(id: String, name: String, hadID: Bool)] = []

    /// Adds a message.
    ///
    /// - Throws: ``JSONFieldError`` that names the field.
    mutating func add(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let role = ChatRole(name: try reader.requireString("role").lowercased())
        var parts: [ChatPart] = []
        if let thinking = try reader.takeString("thinking"), !thinking.isEmpty {
            parts.append(.reasoning(ChatReasoning(thinking)))
        }
        let content = try reader.takeString("content")
        var said: [ChatPart] = content.map { $0.isEmpty ? [] : [.text(ChatText($0))] } ?? []
        if let list = try reader.takeArray("images") {
            for element in list { said.append(ChatPart(ollamaImage: try element.requireString())) }
        }
        var calls: [ChatToolCall] = []
        let seed = "messages[\(messages.count)]"
        if let value = reader.takeValue("tool_calls") {
            guard let list = OllamaCalls.calls(value, seed: seed) else {
                throw value.error(expected: "an array of calls of functions")
            }
            calls = list
        }
        // Clients older than the field name the tool as OpenAI's do.
        let toolName = try reader.takeString("tool_name") ?? (role == .tool ? reader.lenientString("name") : nil)
        let callID = try reader.takeString("tool_call_id") ?? ""
        if role == .tool {
            if said.isEmpty, content != nil { said = [.text(ChatText(""))] }
            let id = answered(callID, toolName)
            parts.append(.toolResult(ChatToolResult(callID: id, content: said)))
        } else {
            // An empty text says nothing beside something else, and keeps a message from having no content at all.
            if said.isEmpty, content != nil, parts.isEmpty, calls.isEmpty { said = [.text(ChatText(""))] }
            parts.append(contentsOf: said)
        }
        parts.append(contentsOf: calls.map(ChatPart.toolCall))
        if !calls.isEmpty {
            open = calls.enumerated().map { index, call in
                let madeUp = OllamaCalls.madeUpID([seed, String(index), call.name, call.arguments])
                return (call.id, call.name, call.id != madeUp)
            }
        }
        var message = ChatMessage(role: role, parts: parts, name: toolName)
        message.extra = reader.extra.without(OllamaExtra.message)
        messages.append(message)
    }

    /// The id of the call that a result belongs to: the one it names, else the first open call of its tool, or the
    /// first of all when it names no tool either.
    ///
    /// An id that no call has belongs to a call without one: some clients (litellm) leave the ids of calls out and keep
    /// those of results.
    private mutating func answered(_ id: String, _ name: String?) -> String {
        let place =
            open.firstIndex { !id.isEmpty && $0.id == id }
            ?? open.firstIndex { (id.isEmpty || !$0.hadID) && (name == nil || $0.name == name) }
        if let place { return open.remove(at: place).id }
        return id.isEmpty ? OllamaCalls.madeUpID(["messages[\(messages.count)]", name ?? ""]) : id
    }
}

extension ChatPart {
    /// Makes a picture or a sound from base64.
    init(ollamaImage base64: String) {
        let type = OllamaMedia.mediaType(base64)
        self =
            type == "audio/wav"
            ? .audio(ChatAudio(base64: base64, format: "wav"))
            : .image(ChatImage(url: "data:\(type);base64,\(base64)"))
    }
}

import MartletCore
import MartletWire

/// One message as Ollama has it: one text, pictures beside it, whole calls.
struct OllamaTurn {
    var role: String
    var content = ""
    var hasContent = false
    var thinking: String?
    /// Base64.
    var images: [[UInt8]] = []
    var calls: [ChatToolCall] = []
    var toolName: String?
    var callID: String?

    init(role: String) { self.role = role }

    /// Adds a text; texts of one message are lines to the model, as there is only one string for all.
    mutating func append(text: String) {
        if hasContent { content += "\n" }
        content += text
        hasContent = true
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("role", role)
        writer.member("content", content)
        writer.member("thinking", thinking)
        if !images.isEmpty {
            writer.key("images")
            writer.beginArray()
            for image in images { writer.string(image) }
            writer.endArray()
        }
        OllamaCalls.write(calls, to: &writer)
        writer.member("tool_name", toolName)
        writer.member("tool_call_id", callID)
        writer.endObject()
    }

    /// Writes the turn as members of a request that has one text.
    func writePrompt(to writer: inout JSONWriter) {
        if role == "system" { return writer.member("system", content) }
        writer.member("prompt", content)
        guard !images.isEmpty else { return }
        writer.key("images")
        writer.array { writer in
            for image in images { writer.string(image) }
        }
    }
}

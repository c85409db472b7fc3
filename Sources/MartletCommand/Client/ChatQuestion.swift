import MartletWire

/// One question to a model.
struct ChatQuestion: Hashable {
    /// The model's name, or an alias.
    var model: String
    /// The user's text.
    var prompt: String
    /// The system's text.
    var system: String?
    /// The account that shall answer; `nil` leaves the choice to the gateway.
    var provider: String?
    /// The limit of the answer, in tokens.
    var maxTokens: Int?
    /// How freely the model chooses.
    var temperature: Double?
    /// Whether the answer comes as a stream.
    var isStream = false

    /// The body of the request to `/chat/completions`.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("model", model)
            writer.key("messages")
            writer.array { writer in
                if let system { Self.write("system", system, to: &writer) }
                Self.write("user", prompt, to: &writer)
            }
            if let provider { writer.member("provider", provider) }
            if let maxTokens {
                writer.key("max_tokens")
                writer.integer(maxTokens)
            }
            if let temperature {
                writer.key("temperature")
                writer.double(temperature)
            }
            writer.key("stream")
            writer.bool(isStream)
        }
        return writer.bytes
    }

    private static func write(_ role: StaticString, _ text: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("role")
            writer.string(role)
            writer.member("content", text)
        }
    }
}

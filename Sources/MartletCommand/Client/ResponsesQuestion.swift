import MartletWire

/// One question to a model by `/responses`.
struct ResponsesQuestion: Hashable {
    /// The model's name, or an alias.
    var model: String
    /// The user's text.
    var prompt: String
    /// What the model is told before.
    var instructions: String?
    /// The response that the question goes on from.
    var previousID: String?
    /// The limit of the answer, in tokens.
    var maxTokens: Int?
    /// Whether the gateway keeps the response; `nil` leaves it to the API's default, which is yes.
    var isStored: Bool?
    /// Whether the answer comes as a stream.
    var isStream = false

    /// The body of the request.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("model", model)
            writer.member("input", prompt)
            if let instructions { writer.member("instructions", instructions) }
            if let previousID { writer.member("previous_response_id", previousID) }
            if let maxTokens {
                writer.key("max_output_tokens")
                writer.integer(maxTokens)
            }
            if let isStored {
                writer.key("store")
                writer.bool(isStored)
            }
            writer.key("stream")
            writer.bool(isStream)
        }
        return writer.bytes
    }
}

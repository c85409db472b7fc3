/// The conversation as the API wants it: turns that alternate, and the results of tools right behind their calls, as many
/// as there are calls and in their order.
struct GeminiConversation {
    /// The texts of the operator.
    var system: [[UInt8]] = []
    var contents: [Content] = []

    /// One turn.
    struct Content {
        var role: Role
        /// Each a JSON object.
        var parts: [[UInt8]]
        /// Whether nothing may be added, because calls must be followed by their results at once.
        var isClosed = false
    }

    enum Role: String {
        case user, model
    }

    /// Adds parts to the last turn where it is of that role, else to a new one.
    mutating func append(_ parts: [[UInt8]], _ role: Role) {
        guard !parts.isEmpty else { return }
        if let last = contents.indices.last, contents[last].role == role, !contents[last].isClosed {
            contents[last].parts.append(contentsOf: parts)
        } else {
            contents.append(Content(role: role, parts: parts))
        }
    }
}

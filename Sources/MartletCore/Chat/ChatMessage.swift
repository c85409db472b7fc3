/// One turn of a conversation.
public struct ChatMessage: Hashable, Sendable {
    /// Who speaks.
    public var role: ChatRole
    /// What is said and done, in order; empty where a message has no content at all.
    public var parts: [ChatPart]
    /// The speaker's name, where several share a role.
    public var name: String?
    /// The model's refusal, standing in place of content.
    public var refusal: String?
    /// Unknown members of the message.
    public var extra: [ExtraMember] = []

    /// Creates a message.
    public init(role: ChatRole, parts: [ChatPart], name: String? = nil, refusal: String? = nil) {
        self.role = role
        self.parts = parts
        self.name = name
        self.refusal = refusal
    }

    /// Creates a message of one text.
    public init(role: ChatRole, text: String) {
        self.init(role: role, parts: [.text(ChatText(text))])
    }

    /// All text parts joined.
    public var text: String {
        parts.reduce(into: "") { joined, part in
            if case .text(let text) = part { joined += text.text }
        }
    }

    /// The calls of tools in the message.
    public var toolCalls: [ChatToolCall] {
        parts.compactMap { part in
            if case .toolCall(let call) = part { call } else { nil }
        }
    }

    /// The reasoning of the message joined; `nil` when there is none.
    public var reasoning: String? {
        parts.reduce(into: nil as String?) { joined, part in
            if case .reasoning(let reasoning) = part { joined = (joined ?? "") + reasoning.text }
        }
    }
}

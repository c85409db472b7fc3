/// One piece of a message, in the order the model sees it.
///
/// A closed list of what dialects share; what only one dialect has travels as ``other(type:value:)``.
public enum ChatPart: Hashable, Sendable {
    /// Plain text.
    case text(ChatText)
    /// A picture, by address or as data.
    case image(ChatImage)
    /// A sound as data.
    case audio(ChatAudio)
    /// A document, by id, by address or as data.
    case file(ChatFile)
    /// The model's refusal, standing among the content.
    case refusal(ChatText)
    /// The model's reasoning.
    case reasoning(ChatReasoning)
    /// A call of a tool by the model.
    case toolCall(ChatToolCall)
    /// The result of a tool call.
    case toolResult(ChatToolResult)
    /// A part this list does not know, whole and as it came.
    case other(type: String, value: JSONText)
}

/// Text with the members that came beside it.
public struct ChatText: Hashable, Sendable {
    /// The text.
    public var text: String
    /// Unknown members of the part.
    public var extra: [ExtraMember]

    /// Creates a text.
    public init(_ text: String, extra: [ExtraMember] = []) {
        self.text = text
        self.extra = extra
    }
}

/// A picture.
public struct ChatImage: Hashable, Sendable {
    /// An `https:` address or a `data:` URL (RFC 2397).
    public var url: String
    /// How closely the model looks: `auto`, `low`, `high`, `original`.
    public var detail: String?
    /// Unknown members of the part.
    public var extra: [ExtraMember] = []
    /// Unknown members of the object inside the part.
    public var innerExtra: [ExtraMember] = []

    /// Creates a picture.
    public init(url: String, detail: String? = nil) {
        self.url = url
        self.detail = detail
    }
}

/// A sound.
public struct ChatAudio: Hashable, Sendable {
    /// The bytes in base64 (RFC 4648 §4).
    public var base64: String
    /// The container or codec: `wav`, `mp3`.
    public var format: String?
    /// Unknown members of the part.
    public var extra: [ExtraMember] = []
    /// Unknown members of the object inside the part.
    public var innerExtra: [ExtraMember] = []

    /// Creates a sound.
    public init(base64: String, format: String? = nil) {
        self.base64 = base64
        self.format = format
    }
}

/// A document.
public struct ChatFile: Hashable, Sendable {
    /// The id of an uploaded file.
    public var fileID: String?
    /// The content as a `data:` URL (RFC 2397).
    public var dataURL: String?
    /// Where the document can be fetched (`https:`).
    public var url: String?
    /// The name shown to the model.
    public var filename: String?
    /// Unknown members of the part.
    public var extra: [ExtraMember] = []
    /// Unknown members of the object inside the part.
    public var innerExtra: [ExtraMember] = []

    /// Creates a document.
    public init(fileID: String? = nil, dataURL: String? = nil, url: String? = nil, filename: String? = nil) {
        self.fileID = fileID
        self.dataURL = dataURL
        self.url = url
        self.filename = filename
    }
}

/// A piece of reasoning.
public struct ChatReasoning: Hashable, Sendable {
    /// The text; empty where a provider keeps it to itself.
    public var text: String
    /// The provider's proof that the text is its own, without which it does not take the piece back.
    public var signature: String?
    /// Reasoning that only the provider can read, in place of a text.
    public var redacted: String?
    /// The account that made signature or redacted data, as the gateway names it; `nil` when unknown.
    public var origin: String?
    /// Unknown members of the part.
    public var extra: [ExtraMember]

    /// Creates a piece of reasoning.
    public init(
        _ text: String,
        signature: String? = nil,
        redacted: String? = nil,
        origin: String? = nil,
        extra: [ExtraMember] = []
    ) {
        self.text = text
        self.signature = signature
        self.redacted = redacted
        self.origin = origin
        self.extra = extra
    }

    /// Whether a provider takes the piece back: it is signed, or redacted.
    public var isSealed: Bool { signature != nil || redacted != nil }
}

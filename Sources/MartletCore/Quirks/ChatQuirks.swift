/// How a server's chat completions differ from OpenAI's; declared with its type, never a branch on a name.
///
/// The same declaration serves requests that are written anew and those whose bytes pass: of these only the members
/// change that a quirk is about. What is left out is named to the caller. Every field's default changes nothing.
public struct ChatQuirks: Hashable, Sendable {
    // MARK: Members of requests

    /// The member that limits the tokens of an answer; `nil` takes both, as they come.
    public var tokenLimit: TokenLimit?
    /// The only members of a request it takes; `nil` takes all.
    public var members: [String]?
    /// Members of a request it does not take; none changes what an answer means.
    public var drop: [String] = []
    /// Members that models which reason do not take; they are part of ``drop`` for a model that is known to reason.
    public var dropForReasoning: [String] = []
    /// Members it has another name for.
    public var rename: [Rename] = []
    /// Whether `logprobs` is the number of alternatives in place of a yes.
    public var countsLogprobs = false
    /// What its levels of `reasoning_effort` are called.
    public var efforts: [Rename] = []
    /// The member that stands for `"reasoning_effort": "none"`.
    public var noEffort: ExtraMember?

    // MARK: Messages

    /// The only members of a message it takes; `nil` takes all.
    public var messageMembers: [String]?
    /// Members of messages it does not take.
    public var dropFromMessages: [String] = []
    /// Whether members of an assistant's message may not be null.
    public var refusesNull = false
    /// Whether it knows no role `developer`; that is sent as `system`.
    public var onlySystemRole = false
    /// The length of its ids of tool calls, letters and digits; other ids are replaced by made ones.
    public var callIDLength: Int?
    /// What an assistant is made to say where a user speaks right after the results of tools, which it refuses.
    public var bridgeAfterTool: String?
    /// Where an assistant's earlier reasoning stands; `nil` leaves it where it is.
    public var history: ReasoningHistory?
    /// Whether an assistant's message with calls of tools must have its reasoning, at least an empty one.
    public var wantsReasoningWithCalls = false

    // MARK: Tools and the shape of answers

    /// Whether definitions of functions may not have `strict`.
    public var refusesStrict = false
    /// Keywords that schemas of tools may not have at their top.
    public var dropFromSchemas: [String] = []
    /// Whether `"tool_choice": "none"` is not kept to; the tools are left out in its place.
    public var ignoresNoTools = false
    /// Whether `"tool_choice": "required"` is not kept to; the only tool there is gets named in its place.
    public var ignoresRequired = false
    /// Whether a model that reasons by default refuses a choice of tool, so that schemas are asked for in words.
    public var refusesForcedTools = false
    /// Whether calls of tools come out wrong in streams, so that such a request is refused.
    public var refusesToolsInStreams = false
    /// How `response_format` is written.
    public var formats: Formats?
    /// Whether `"response_format": {"type": "text"}` is refused beside tools, and so left out.
    public var refusesTextFormat = false
    /// What a demanded shape of the answer may not stand beside; such requests are helped along in words.
    public var shapeExcludes: [ShapeRival] = []

    // MARK: Answers

    /// Whether text may begin with reasoning between `<think>` and `</think>`.
    public var thinksInTags = false
    /// Whether answers have reasoning in `reasoning_details` that must come back unchanged while tools are called.
    public var returnsReasoningDetails = false
    /// Whether answers have forms that break clients of OpenAI (content in parts, arguments as objects), so that they
    /// are written anew for every caller.
    public var rewritesAnswers = false

    /// Creates quirks that change nothing.
    public init() {}

    /// Which member limits the tokens of an answer.
    public enum TokenLimit: String, Hashable, Sendable {
        /// The older one alone.
        case maxTokens = "max_tokens"
        /// The newer one alone.
        case maxCompletionTokens = "max_completion_tokens"
        /// Either, but not both.
        case either
    }

    /// Where an assistant's earlier reasoning stands.
    public enum ReasoningHistory: String, Hashable, Sendable {
        /// In a member `reasoning`.
        case reasoning
        /// Among the parts of the content (`{"type":"thinking","thinking":[…]}`).
        case parts
        /// Nowhere: it is left out, as every answer but the newest has no use for it.
        case omitted
    }

    /// How `response_format` is written.
    public enum Formats: String, Hashable, Sendable {
        /// `json_object` only; schemas are asked for in words and checked.
        case objectOnly = "object_only"
        /// `json_schema` only; any object is asked for by a schema.
        case schemaOnly = "schema_only"
        /// `{"type":"json_schema","value":…}`, with the schema where OpenAI has a wrapper (TGI).
        case value
    }

    /// What a demanded shape of the answer may not stand beside.
    public enum ShapeRival: String, Hashable, Sendable {
        /// Tools.
        case tools
        /// A streamed answer.
        case stream
    }

    /// A name and what stands for it.
    public struct Rename: Hashable, Sendable {
        /// OpenAI's name.
        public var from: String
        /// The server's name.
        public var to: String

        /// Creates a pair.
        public init(from: String, to: String) {
            self.from = from
            self.to = to
        }
    }
}

extension ChatQuirks {
    /// The quirks for a model of the provider.
    ///
    /// - Parameter reasons: Whether the model is known to reason.
    public func forModel(reasons: Bool) -> ChatQuirks {
        var quirks = self
        if reasons { quirks.drop += dropForReasoning.filter { !quirks.drop.contains($0) } }
        quirks.dropForReasoning = []
        return quirks
    }

    /// Whether messages of a request may have to change.
    public var touchesMessages: Bool {
        messageMembers != nil || !dropFromMessages.isEmpty || refusesNull || onlySystemRole || callIDLength != nil
            || bridgeAfterTool != nil || history != nil || wantsReasoningWithCalls
    }

    /// Whether bytes of a request may have to change.
    public var touchesRequests: Bool {
        var rest = self
        rest.dropForReasoning = []
        rest.refusesForcedTools = false
        rest.refusesToolsInStreams = false
        rest.shapeExcludes = []
        rest.thinksInTags = false
        rest.returnsReasoningDetails = false
        rest.rewritesAnswers = false
        return rest != ChatQuirks()
    }
}

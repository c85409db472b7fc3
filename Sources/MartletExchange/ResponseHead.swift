public import MartletCore
public import MartletRouting

/// The head of an answer to the client, whatever the HTTP version it goes by.
public struct ResponseHead: Sendable {
    /// The status shown.
    public var status: Int
    /// The media type.
    public var contentType: String
    /// Bytes of the body; `nil` when it is a stream.
    public var contentLength: Int?
    /// Whether the connection ends with this answer.
    public var closes = false
    /// What the gateway tells about the request; each has a field of its own.
    public var facts: Facts
    /// Further fields, in order; names in lower case.
    public var more: [HeaderField] = []

    /// What the gateway tells about a request in the head of its answer.
    public struct Facts: Sendable {
        /// Shown as `x-request-id` and `request-id`.
        public var requestID: RequestID
        /// The value of `x-cache`; empty where nothing could be cached.
        public var cache = ""
        /// Who answered, or was tried last; `nil` when there is no plan.
        public var target: Target?
        /// Attempts so far.
        public var attempts = 0
        /// Members of the request that the target does not take.
        public var dropped: [String] = []
        /// The origin whose pages may read the answer, or `*`; `nil` tells browsers nothing.
        public var allowedOrigin: String?
        /// The cost in nano-dollars, when it is known before the body.
        public var cost: NanoUSD?

        /// What ``dropped`` says in its field: at most 2 KiB, then `…`.
        public var droppedText: String {
            var text = ""
            for path in dropped {
                guard text.utf8.count + path.utf8.count + 2 <= 2_048 else { return text + "…" }
                text += (text.isEmpty ? "" : ", ") + path
            }
            return text
        }

        /// Starts with the id alone.
        public init(requestID: RequestID) { self.requestID = requestID }
    }

    /// Creates a head.
    public init(status: Int, contentType: String, contentLength: Int?, facts: Facts) {
        self.status = status
        self.contentType = contentType
        self.contentLength = contentLength
        self.facts = facts
    }

    /// All fields but type, length and date, as names and values.
    public var fields: [HeaderField] {
        let id = facts.requestID.description
        var fields = [
            HeaderField(name: "x-request-id", value: id),
            HeaderField(name: "request-id", value: id),
            HeaderField(name: "x-gateway", value: "martlet"),
        ]
        if let origin = facts.allowedOrigin { fields += CORS.fields(origin) }
        if !facts.cache.isEmpty { fields.append(HeaderField(name: "x-cache", value: facts.cache)) }
        if let target = facts.target {
            fields += target.answerFields.fields
            fields.append(HeaderField(name: "x-gateway-attempts", value: String(facts.attempts)))
        }
        if !facts.dropped.isEmpty {
            fields.append(HeaderField(name: "x-gateway-dropped", value: facts.droppedText))
        }
        if let cost = facts.cost { fields.append(HeaderField(name: "x-gateway-cost-usd", value: cost.usdText)) }
        return fields + more
    }
}

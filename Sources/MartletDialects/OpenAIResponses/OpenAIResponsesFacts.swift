public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request in OpenAI's responses.
///
/// Only members the gateway acts on, or whose misuse it must answer itself, are looked at; all others are the
/// upstream's business.
public enum OpenAIResponsesFacts {
    /// What the gateway's own store of responses and the way to an upstream need to know beyond ``RequestFacts``.
    public struct State: Hashable, Sendable {
        /// The response this request goes on from.
        public var previousResponseID: String?
        /// Whether the response is to be kept; the default of this dialect is yes.
        public var isStored = true
        /// Whether `messages` stand in place of `input`, which upstreams of this dialect do not know.
        public var usesMessages = false
        /// Whether an item stands for one that the gateway keeps (`item_reference`).
        public var hasReferences = false
        /// Whether reasoning that the gateway sealed for another provider is among the items; no upstream of this
        /// dialect takes it, so that the request must be written anew.
        public var hasSeals = false

        /// Whether the body can go to an upstream of this dialect with no more than the edits of a splice.
        public var canPass: Bool { !usesMessages && !hasReferences && !hasSeals && previousResponseID == nil }

        /// Creates the state of an empty request.
        public init() {}
    }

    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`, and the field as `param`.
    /// - Complexity: O(bytes of `input` and of the members that are checked); allocates for names only.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        try unsafe readAll(body, scanner: scanner).facts
    }

    /// Reads what a store needs to know.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Throws: ``GatewayError`` like ``read(_:scanner:)``.
    public static func state(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> State {
        try unsafe readAll(body, scanner: scanner).state
    }

    /// Reads both.
    public static func readAll(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> (facts: RequestFacts, state: State) {
        guard scanner.rootKind == .object, let cursor = unsafe JSONCursor(body) else {
            throw GatewayError(.invalidValue, "The request body must be a JSON object.")
        }
        var reader = ResponsesFactsReader(cursor: cursor)
        reader.facts.bodyBytes = cursor.count
        reader.facts.textBytes = scanner.textBytes
        reader.facts.imageParts = scanner.imageParts
        // The usage is always told.
        reader.facts.includeUsage = true
        for member in scanner.members { try reader.read(member) }
        try reader.finish()
        return (reader.facts, reader.state)
    }
}

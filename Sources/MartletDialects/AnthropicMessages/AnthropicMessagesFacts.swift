public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request for messages.
///
/// Only members the gateway acts on, or whose misuse it must answer itself, are looked at; all others are the
/// upstream's business.
public enum AnthropicMessagesFacts {
    /// The largest number of stop texts.
    public static let maxStops = OpenAIChatFacts.maxStops

    /// Reads facts from a body that a scanner has accepted.
    ///
    /// The usage is always told in this dialect, so that ``RequestFacts/includeUsage`` is always true.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    ///   - isCount: Whether the body asks for the number of its tokens only, and needs no limit for the answer.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`, and the field as `param`.
    /// - Complexity: O(bytes of `messages` where they are not all objects); allocates for names only.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        isCount: Bool = false
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(body, scanner, names)
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        facts.textBytes = scanner.textBytes
        facts.imageParts = scanner.imageParts
        facts.includeUsage = true
        try members.readModel(into: &facts)
        facts.stream = try members.bool("stream") ?? false
        facts.maxTokens = try members.integer("max_tokens", 0...BodyMembers.largest)
        guard let messages = members["messages"] else { throw .missing("messages") }
        if facts.maxTokens == nil, !isCount { throw .missing("max_tokens") }
        facts.messageCount = try count(messages, "messages", 1...OpenAIChatFacts.maxMessages)
        if let tools = members["tools"] {
            facts.toolCount = try count(tools, "tools", 0...OpenAIChatFacts.maxTools)
            facts.toolBytes = tools.range.count
        }
        try members.float("temperature", 0...1)
        try members.float("top_p", 0...1)
        _ = try members.integer("top_k", -1...BodyMembers.largest)
        try checkStops(members["stop_sequences"])
        if let system = members["system"], system.kind != .string, system.kind != .array {
            throw .invalid("system", "must be a string or an array")
        }
        facts.thread = try members["thread"].map { (view) throws(GatewayError) in try thread(view) }
        let isOurs = members["fallbacks"].map { isGateway(fallbacks: $0) } ?? false
        try unsafe readGateway(body, scanner, withFallbacks: isOurs, into: &facts)
        return facts
    }

    private static let names: [StaticString] = [
        "model", "messages", "stream", "max_tokens", "tools", "temperature", "top_p", "top_k", "stop_sequences",
        "system", "thread", "fallbacks",
    ]

    /// Reads what speaks to the gateway; a field of the vendor's own of the same name passes.
    private static func readGateway(
        _ body: UnsafeRawBufferPointer,
        _ scanner: borrowing JSONScanner,
        withFallbacks: Bool,
        into facts: inout RequestFacts
    ) throws(GatewayError) {
        var names: [StaticString] = ["route", "provider", "tensorzero::credentials"]
        if withFallbacks { names.append("fallbacks") }
        let members = try unsafe BodyMembers(body, scanner, names + ["smart_routing"])
        let isFlag = members["smart_routing"]?.bool() != nil
        try (isFlag ? members : try unsafe BodyMembers(body, scanner, names)).readGateway(into: &facts)
    }

    /// Whether `fallbacks` holds names, as the gateway's; Anthropic's own holds objects, or is the word `default`.
    static func isGateway(fallbacks view: JSONView) -> Bool {
        guard view.kind == .array else { return false }
        var hasName = false
        for element in view.elements {
            guard element.kind == .string else { return false }
            hasName = true
        }
        return hasName
    }

    private static func count(
        _ list: JSONView,
        _ name: String,
        _ range: ClosedRange<Int>
    ) throws(GatewayError) -> Int {
        guard list.kind == .array else { throw .invalid(name, "must be an array") }
        var count = 0
        for element in list.elements {
            guard element.kind == .object else { throw .invalid("\(name)[\(count)]", "must be an object") }
            count += 1
            guard count <= range.upperBound else {
                throw .invalid(name, "must have at most \(range.upperBound) elements")
            }
        }
        guard count >= range.lowerBound else { throw .invalid(name, "must not be empty") }
        return count
    }

    private static func checkStops(_ list: JSONView?) throws(GatewayError) {
        guard let list else { return }
        guard list.kind == .array else { throw .invalid("stop_sequences", "must be an array of strings") }
        var index = 0
        for element in list.elements {
            guard element.kind == .string else { throw .invalid("stop_sequences[\(index)]", "must be a string") }
            index += 1
            guard index <= maxStops else {
                throw .invalid("stop_sequences", "must have at most \(maxStops) elements")
            }
        }
    }

    /// Reads the member `thread`.
    private static func thread(_ view: JSONView) throws(GatewayError) -> MessageThread {
        guard view.kind == .object else { throw .invalid("thread", "must be an object") }
        guard view.member("type")?.equalsString("continue") == true else {
            return view.member("type")?.equalsString("create") == true ? .create : .other
        }
        guard let id = view.member("previous_message_id")?.string(), 1...256 ~= id.utf8.count else {
            throw .invalid("thread.previous_message_id", "must be the id of a message")
        }
        return .resume(previousMessageID: id)
    }
}

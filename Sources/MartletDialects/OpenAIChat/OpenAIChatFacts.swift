public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of an OpenAI chat request.
///
/// Only members the gateway acts on, or whose misuse it must answer itself, are looked at; all others are the
/// upstream's business. Ranges are those of OpenAI's API reference where it names one, else those of the gateway's
/// input limits.
public enum OpenAIChatFacts {
    /// The largest number of messages.
    public static let maxMessages = 10_000
    /// The largest number of tools.
    public static let maxTools = 512
    /// The largest number of stop texts.
    public static let maxStops = 16
    /// The largest number of `metadata` pairs.
    public static let maxMetadataPairs = 16
    /// The largest number of `fallbacks`.
    public static let maxFallbacks = 16

    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`, and the field as `param`.
    /// - Complexity: O(bytes of `messages` and of the members that are checked); allocates for names only.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        guard scanner.rootKind == .object, let cursor = unsafe JSONCursor(body) else {
            throw GatewayError(.invalidValue, "The request body must be a JSON object.")
        }
        var reader = FactsReader(cursor: cursor)
        reader.facts.bodyBytes = cursor.count
        reader.facts.textBytes = scanner.textBytes
        reader.facts.imageParts = scanner.imageParts
        for member in scanner.members { try reader.read(member) }
        guard reader.hasMessages else { throw missingMessages }
        return reader.facts
    }

    /// The error of a request without messages.
    private static var missingMessages: GatewayError { .missing("messages") }
}

/// The members a request is read for.
private struct FactsReader: MemberReader {
    var facts = RequestFacts()
    var hasMessages = false
    var cursor: JSONCursor

    init(cursor: JSONCursor) { self.cursor = cursor }

    mutating func read(_ member: JSONMember) throws(GatewayError) {
        let start = member.key.lowerBound
        let length = member.key.count
        if member.keyHasEscapes { return try readEscaped(member) }
        guard let field = ChatField.find(length, { cursor.equals(start, length, $0) }) else { return }
        try read(field, member)
    }

    private mutating func readEscaped(_ member: JSONMember) throws(GatewayError) {
        let name = cursor.decoded(JSONCursor.Text(member))
        if let field = ChatField.find(name.count, { name.elementsEqual([UInt8](staticString: $0)) }) {
            try read(field, member)
        }
    }

    private mutating func read(_ field: ChatField, _ member: JSONMember) throws(GatewayError) {
        cursor.index = member.value.lowerBound
        switch field {
        case .model: try readModel(member)
        case .messages: try readMessages(member)
        case .stream: facts.stream = try boolean(member, field.name) ?? false
        case .streamOptions: try readStreamOptions(member)
        case .maxTokens: facts.maxTokens = try integer(member, field.name, 1...Self.largest)
        case .maxCompletionTokens: facts.maxCompletionTokens = try integer(member, field.name, 1...Self.largest)
        case .n: facts.choiceCount = try integer(member, field.name, 1...Self.largest) ?? 1
        case .seed: _ = try integer(member, field.name, .min ... .max)
        case .topLogprobs: _ = try integer(member, field.name, 0...20)
        case .topK: _ = try integer(member, field.name, -1...Self.largest)
        case .temperature: try float(member, field.name, 0...2)
        case .topP: try float(member, field.name, 0...1)
        case .presencePenalty, .frequencyPenalty: try float(member, field.name, -2...2)
        case .logprobs, .parallelToolCalls, .store: _ = try boolean(member, field.name)
        case .stop: try readStop(member)
        case .tools: try readTools(member)
        case .user: try readUser(member)
        case .metadata: try readMetadata(member)
        case .route: try readRoute(member)
        case .fallbacks: try readFallbacks(member)
        case .provider: try readProvider(member)
        case .smartRouting:
            facts.smartRouting = try boolean(member, field.name)
            facts.gatewayMembers.insert(.smartRouting)
        case .credentials: facts.gatewayMembers.insert(.credentials)
        }
    }

    private static let largest = Int64(Int32.max)
}

extension FactsReader {
    private mutating func readModel(_ member: JSONMember) throws(GatewayError) {
        facts.modelValue = member.value
        facts.model = try modelName(member.kind, param: "model")
    }

    private mutating func readMessages(_ member: JSONMember) throws(GatewayError) {
        guard member.kind == .array else {
            if member.kind == .null { return }
            throw .invalid("messages", "must be an array")
        }
        guard member.count > 0 else { throw .invalid("messages", "must not be empty") }
        guard member.count <= OpenAIChatFacts.maxMessages else {
            throw .invalid("messages", "must have at most \(OpenAIChatFacts.maxMessages) elements")
        }
        try checkObjects(member, "messages")
        facts.messageCount = member.count
        hasMessages = true
    }

    private mutating func readTools(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .array else { throw .invalid("tools", "must be an array") }
        guard member.count <= OpenAIChatFacts.maxTools else {
            throw .invalid("tools", "must have at most \(OpenAIChatFacts.maxTools) elements")
        }
        try checkObjects(member, "tools")
        facts.toolCount = member.count
        facts.toolBytes = member.value.count
    }

    /// Refuses an array that holds anything but objects.
    private mutating func checkObjects(_ member: JSONMember, _ name: StaticString) throws(GatewayError) {
        guard !member.holdsOnlyObjects, cursor.enter(UInt8(ascii: "[")) else { return }
        var index = 0
        while cursor.nextElement() {
            guard cursor.current == UInt8(ascii: "{") else { throw .invalid("\(name)[\(index)]", "must be an object") }
            cursor.skipContainer()
            index += 1
        }
    }

    private mutating func readStop(_ member: JSONMember) throws(GatewayError) {
        switch member.kind {
        case .null, .string: return
        case .array: break
        default: throw .invalid("stop", "must be a string or an array of strings")
        }
        guard member.count <= OpenAIChatFacts.maxStops else {
            throw .invalid("stop", "must have at most \(OpenAIChatFacts.maxStops) elements")
        }
        guard cursor.enter(UInt8(ascii: "[")) else { return }
        var index = 0
        while cursor.nextElement() {
            guard cursor.string() != nil else { throw .invalid("stop[\(index)]", "must be a string") }
            index += 1
        }
    }

    private mutating func readStreamOptions(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .object else { throw .invalid("stream_options", "must be an object") }
        facts.streamOptions = member.value
        guard cursor.enter(UInt8(ascii: "{")) else { return }
        while let key = cursor.nextKey() {
            let isUsage = cursor.key(key, is: "include_usage")
            let first = cursor.current
            let value = cursor.skipValue()
            guard isUsage else { continue }
            facts.includeUsageValue = value
            switch JSONKind(firstByte: first) {
            case .true: facts.includeUsage = true
            case .false, .null: facts.includeUsage = false
            default: throw .invalid("stream_options.include_usage", "must be a boolean")
            }
        }
    }
}

/// Whether a byte may stand in a model's name.
@inline(__always)
func isModelByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "_"), UInt8(ascii: "+"):
        true
    default: false
    }
}

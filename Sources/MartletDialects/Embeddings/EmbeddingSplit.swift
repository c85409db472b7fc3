public import MartletCore
public import MartletWire

/// How a body of OpenAI's shape is parted into calls to a target of the same dialect.
///
/// Each call's body is the caller's, with a stretch of the list in place of the list: no input is written anew. Holds
/// offsets only.
public struct EmbeddingSplit: Hashable, Sendable {
    /// The inputs of each call, in order.
    public let calls: [Range<Int>]
    /// Where the value of `input` stands.
    private let value: Range<Int>
    /// Where the inputs of each call stand, with the commas between them; empty when there is one call.
    private let spans: [Range<Int>]

    /// The number of inputs.
    public var count: Int { calls.last?.upperBound ?? 0 }

    /// Whether one call is enough; then the body is sent as it is.
    public var isWhole: Bool { calls.count <= 1 }

    /// Plans the calls.
    ///
    /// - Parameters:
    ///   - body: The bytes of a body that ``EmbeddingFacts`` has accepted.
    ///   - scanner: The scanner that accepted it.
    ///   - limits: What the target takes.
    /// - Throws: ``GatewayError`` when there is no input.
    /// - Complexity: O(bytes of `input`).
    public init(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        limits: EmbeddingLimits
    ) throws(GatewayError) {
        let members = try unsafe BodyMembers(body, scanner, ["input"])
        guard let input = members["input"] else { throw EmbeddingFacts.missingInput }
        value = input.range
        var places: [Range<Int>] = []
        var tokens: [Int64] = []
        if input.kind == .array, input.elements.first(where: { _ in true })?.kind != .number {
            for element in input.elements {
                places.append(element.range)
                tokens.append(Self.tokens(element))
            }
        }
        if places.isEmpty {
            // A text, or the token ids of one.
            calls = [0..<1]
            spans = []
        } else {
            let calls = limits.calls(tokens: tokens)
            self.calls = calls
            spans = calls.map { places[$0.lowerBound].lowerBound..<places[$0.upperBound - 1].upperBound }
        }
    }

    private static func tokens(_ input: JSONView) -> Int64 {
        if input.kind == .string {
            return EmbeddingLimits.cautiousTokens(textBytes: input.withStringBytes { $0.count } ?? 0)
        }
        return input.kind == .array ? input.elements.reduce(0) { count, _ in count + 1 } : 0
    }

    /// The body of a call.
    ///
    /// - Parameters:
    ///   - call: Its number; for one there is not, the whole body comes back.
    ///   - body: The bytes of the caller's body.
    ///   - splice: The edits for the target, made by ``BodySplice``.
    public func body(of call: Int, _ body: [UInt8], _ splice: JSONSplice) -> [UInt8] {
        guard !isWhole, spans.indices.contains(call), spans[call].upperBound <= body.count else {
            return splice.render(body)
        }
        var list: [UInt8] = []
        list.reserveCapacity(spans[call].count + 2)
        list.append(UInt8(ascii: "["))
        list.append(contentsOf: body[spans[call]])
        list.append(UInt8(ascii: "]"))
        var splice = splice
        splice.replace(value, with: list)
        return splice.render(body)
    }
}

public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request for embeddings in OpenAI's shape.
///
/// `messageCount` is the number of inputs. Sources: OpenAI's API reference (`input` is a text, a list of texts, a list of
/// token ids, or a list of those; it cannot be empty, and no text in it can).
public enum EmbeddingFacts {
    /// The largest number of inputs; more than any provider takes in one call, since a request is split.
    public static let maxInputs = 65_536

    static let expected = "a string, an array of strings, or an array of token ids"
    static let expectedFormat = #""float" or "base64""#
    static let notEmpty = "a value that is not empty"
    static let alike = "an element of the same kind as the first"
    /// The members that are looked at.
    static let members: [StaticString] = BodyMembers.shared + ["input", "encoding_format", "dimensions"]

    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`, and the field as `param`.
    /// - Complexity: O(bytes of `input` and of the members that are checked).
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(body, scanner, members)
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        facts.textBytes = scanner.textBytes
        try members.readShared(into: &facts)
        facts.stream = false
        _ = try members.integer("dimensions")
        if let format = members["encoding_format"] {
            guard let name = format.string(), EmbeddingEncoding(rawValue: name) != nil else {
                throw .invalid("encoding_format", "must be \(expectedFormat)")
            }
        }
        guard let input = members["input"] else { throw missingInput }
        try read(input, into: &facts)
        return facts
    }

    /// The error of a request without input.
    static var missingInput: GatewayError {
        GatewayError(.missingRequiredParameter, "Missing required parameter: 'input'.", param: "input")
    }

    private static func read(_ input: JSONView, into facts: inout RequestFacts) throws(GatewayError) {
        if input.kind == .string {
            guard !input.equalsString("") else { throw .invalid("input", "must not be an empty string") }
            facts.messageCount = 1
            return
        }
        guard input.kind == .array else { throw .invalid("input", "must be \(expected)") }
        var kind: JSONKind?
        for element in input.elements {
            let place = "input[\(facts.messageCount)]"
            guard kind == nil || kind == element.kind else { throw .invalid(place, "must be \(alike)") }
            kind = element.kind
            facts.messageCount += 1
            switch element.kind {
            case .string: guard !element.equalsString("") else { throw .invalid(place, "must not be an empty string") }
            case .number: try readToken(element, place, into: &facts)
            case .array: try readTokens(element, place, into: &facts)
            default: throw .invalid(place, "must be a string or a list of token ids")
            }
        }
        guard let kind else { throw .invalid("input", "must not be an empty array") }
        if kind == .number { facts.messageCount = 1 }
        guard facts.messageCount <= maxInputs else {
            throw .invalid("input", "must have at most \(maxInputs) elements")
        }
    }

    private static func readTokens(
        _ list: JSONView,
        _ place: String,
        into facts: inout RequestFacts
    ) throws(GatewayError) {
        var index = 0
        for element in list.elements {
            try readToken(element, "\(place)[\(index)]", into: &facts)
            index += 1
        }
        guard index > 0 else { throw .invalid(place, "must not be an empty array") }
    }

    private static func readToken(
        _ token: JSONView,
        _ place: @autoclosure () -> String,
        into facts: inout RequestFacts
    ) throws(GatewayError) {
        guard let id = token.int64(), 0...BodyMembers.largest ~= id else {
            throw .invalid(place(), "must be a token id")
        }
        // A token weighs as many bytes as the estimate takes for one.
        facts.textBytes += 4
    }
}

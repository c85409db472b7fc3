import MartletCore
import MartletWire

extension EmbeddingRequest {
    /// Decodes a request body of OpenAI's shape; the rules are those of ``EmbeddingFacts``.
    init(openAI view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let model = try reader.takeString("model")
        let input = try reader.require("input", expected: EmbeddingFacts.expected)
        let (inputs, isSingle) = try Self.inputs(input)
        self.init(model: model, inputs: inputs, isSingle: isSingle)
        if let format = reader.takeValue("encoding_format") {
            guard let name = format.string(), let encoding = EmbeddingEncoding(rawValue: name) else {
                throw format.error(expected: EmbeddingFacts.expectedFormat)
            }
            encodingFormat = encoding
        }
        dimensions = try reader.takeInt("dimensions", in: 1...BodyMembers.largest).flatMap { Int(exactly: $0) }
        user = try reader.takeString("user")
        gateway = try ChatRequest.GatewayExtensions(&reader)
        extra = reader.extra
    }

    private static func inputs(_ view: JSONView) throws(JSONFieldError) -> ([EmbeddingInput], Bool) {
        switch view.kind {
        case .string: return ([try text(view)], true)
        case .array: break
        default: throw view.error(expected: EmbeddingFacts.expected)
        }
        guard let first = view.elements.first(where: { _ in true }) else {
            throw view.error(expected: EmbeddingFacts.notEmpty)
        }
        if first.kind == .number { return ([.tokens(try tokens(view))], true) }
        var inputs: [EmbeddingInput] = []
        for element in view.elements {
            guard inputs.count < EmbeddingFacts.maxInputs else {
                throw view.error(expected: "an array of at most \(EmbeddingFacts.maxInputs) elements")
            }
            guard element.kind == first.kind else { throw element.error(expected: EmbeddingFacts.alike) }
            inputs.append(element.kind == .string ? try text(element) : .tokens(try tokens(element)))
        }
        return (inputs, false)
    }

    private static func text(_ view: JSONView) throws(JSONFieldError) -> EmbeddingInput {
        let text = try view.requireString()
        if text.isEmpty { throw view.error(expected: EmbeddingFacts.notEmpty) }
        return .text(text)
    }

    private static func tokens(_ view: JSONView) throws(JSONFieldError) -> [Int64] {
        guard view.kind == .array else { throw view.error(expected: EmbeddingFacts.expected) }
        var tokens: [Int64] = []
        for element in view.elements { tokens.append(try element.requireInt(in: 0...BodyMembers.largest)) }
        if tokens.isEmpty { throw view.error(expected: EmbeddingFacts.notEmpty) }
        return tokens
    }
}

public import MartletCore
import MartletWire

/// The wire formats of Titan's and Cohere's embeddings on Amazon Bedrock, in both directions; both are bodies of
/// InvokeModel.
///
/// - SeeAlso: Amazon Bedrock user guide, "Amazon Titan Embeddings Text", "Amazon Titan Multimodal Embeddings" and "Cohere
///   Embed" (read November 2026).
public struct BedrockEmbedCodec: EmbeddingCodec {
    /// Which of the formats is spoken.
    public let form: Form

    /// A maker's format.
    public enum Form: Hashable, Sendable {
        /// Titan Text: one text a call. The first version has vectors of one length.
        case titan(takesDimensions: Bool)
        /// Titan Multimodal: one text a call.
        case titanImage
        /// Cohere: up to 96 texts a call. From the fourth version on the length can be chosen.
        case cohere(takesDimensions: Bool)
    }

    /// Makes a codec for a model; `nil` when the model's name is none of those that make vectors.
    ///
    /// - Parameter model: The id of the model, or an ARN that ends with it.
    public init?(model: String) {
        let name = model.lowercased()
        if name.contains("titan-embed-image") {
            form = .titanImage
        } else if name.contains("titan-embed") {
            form = .titan(takesDimensions: name.contains("v2"))
        } else if name.contains("cohere.embed") {
            form = .cohere(takesDimensions: !name.contains("v3"))
        } else {
            return nil
        }
    }

    /// What the model takes in one call.
    public var limits: EmbeddingLimits {
        switch form {
        case .titan, .titanImage: EmbeddingLimits(maxInputs: 1)
        case .cohere: EmbeddingLimits(maxInputs: 96)
        }
    }

    /// Encodes a request body for an upstream.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for token ids, and for a length the model does not have.
    public func encodeRequest(_ request: EmbeddingRequest) throws(GatewayError) -> EncodedRequest {
        var texts: [String] = []
        for (index, input) in request.inputs.enumerated() {
            guard case .text(let text) = input else {
                throw .unsupported(
                    request.isSingle ? "input" : "input[\(index)]",
                    "This model takes texts to embed, not token ids; send the text itself."
                )
            }
            texts.append(text)
        }
        var dropped = DroppedPaths()
        if request.user != nil { dropped.add("user") }
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        switch form {
        case .titan(let takesDimensions):
            writer.member("inputText", texts.first ?? "")
            if let dimensions = request.dimensions {
                guard takesDimensions else { throw Self.fixedLength }
                writer.member("dimensions", dimensions)
            }
            write(["normalize": .true], request.extra, &dropped, to: &writer)
        case .titanImage:
            writer.member("inputText", texts.first ?? "")
            if let dimensions = request.dimensions {
                writer.object("embeddingConfig") { $0.member("outputEmbeddingLength", dimensions) }
            }
            write([:], request.extra, &dropped, to: &writer)
        case .cohere(let takesDimensions):
            writer.key("texts")
            writer.array { writer in
                for text in texts { writer.string(text) }
            }
            if request.extra.value("input_type") == nil { writer.member("input_type", "search_document") }
            if takesDimensions {
                writer.member("output_dimension", request.dimensions)
                writer.key("embedding_types")
                writer.array { $0.string("float") }
            } else if let dimensions = request.dimensions, dimensions != 1_024 {
                throw Self.fixedLength
            }
            write(["input_type": .string, "truncate": .string], request.extra, &dropped, to: &writer)
        }
        writer.endObject()
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    private static let fixedLength = GatewayError.unsupported(
        "dimensions",
        "The vectors of this model have one length."
    )

    /// Writes the format's own members, which callers of other formats may use too, and names all others.
    private func write(
        _ own: [String: JSONKind],
        _ extra: [ExtraMember],
        _ dropped: inout DroppedPaths,
        to writer: inout JSONWriter
    ) {
        for member in extra where !member.saysNothing {
            let isBool = member.kind == .true || member.kind == .false
            if let kind = own[member.name], kind == member.kind || kind == .true && isBool {
                writer.member(member.name, member.value)
            } else {
                dropped.add(member.name, in: "")
            }
        }
    }

    /// Decodes a request body.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> EmbeddingRequest {
        let form = form
        return try body.decoded { (view) throws(JSONFieldError) in
            var reader = try JSONObjectReader(view)
            var request: EmbeddingRequest
            let largest = BodyMembers.largest
            var dimensions: Int64?
            switch form {
            case .titan, .titanImage:
                let text = try reader.requireString("inputText")
                request = EmbeddingRequest(model: nil, inputs: [.text(text)], isSingle: true)
                dimensions = try reader.takeInt("dimensions", in: 1...largest)
                if var config = try reader.takeObject("embeddingConfig") {
                    dimensions = try config.takeInt("outputEmbeddingLength", in: 1...largest)
                }
            case .cohere:
                var inputs: [EmbeddingInput] = []
                for element in try reader.requireArray("texts") { inputs.append(.text(try element.requireString())) }
                request = EmbeddingRequest(model: nil, inputs: inputs)
                dimensions = try reader.takeInt("output_dimension", in: 1...largest)
                _ = reader.take("embedding_types")
            }
            request.dimensions = dimensions.flatMap { Int(exactly: $0) }
            request.dialect = .bedrockConverse
            request.extra = reader.extra
            return request
        }
    }

    /// Decodes an answer; Cohere's tokens stand in a header field of it.
    public func decodeResponse(_ body: [UInt8], count: Int) throws(ChatFailure) -> EmbeddingResponse {
        let form = form
        return try body.answered { (view) throws(ChatFailure) in
            var vectors: [EmbeddingVector] = []
            switch form {
            case .titan, .titanImage:
                if let vector = view.member("embedding").flatMap({ EmbeddingVector($0) }) { vectors = [vector] }
            case .cohere:
                let list = view.member("embeddings")
                for element in (list?.member("float") ?? list)?.elements ?? view.elements {
                    if element.kind == .array, let vector = EmbeddingVector(element) { vectors.append(vector) }
                }
            }
            guard vectors.count == count, count > 0 else {
                let failure = UpstreamFailure(bedrockShape: view)
                if vectors.isEmpty, !failure.message.isEmpty { throw .upstream(failure) }
                throw .malformed("the answer has not one vector for each input")
            }
            var response = EmbeddingResponse(vectors: vectors)
            if let tokens = view.member("inputTextTokenCount")?.int64(), 0...Usage.largestCount ~= tokens {
                response.usage = Usage(inputTokens: tokens, outputTokens: 0)
            }
            return response
        }
    }

    /// Encodes an answer for a caller.
    public func encodeResponse(
        _ response: EmbeddingResponse,
        to request: EmbeddingRequest,
        model: String?
    ) throws(ChatFailure) -> [UInt8] {
        let vectors = try response.vectors(as: .float)
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            switch form {
            case .titan, .titanImage:
                writer.key("embedding")
                (vectors.first ?? .floats([])).write(to: &writer)
                writer.member("inputTextTokenCount", response.usage?.inputTokens ?? request.estimatedInputTokens)
            case .cohere:
                writer.member("response_type", "embeddings_floats")
                writer.key("embeddings")
                writer.array { writer in
                    for vector in vectors { vector.write(to: &writer) }
                }
            }
        }
        return writer.bytes
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(bedrock: body) }

    /// Encodes an error body for a caller: `{"message":"text"}`.
    public func encodeError(_ error: GatewayError) -> [UInt8] { BedrockError.encode(error.message) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        BedrockError.encode(failure.message)
    }
}

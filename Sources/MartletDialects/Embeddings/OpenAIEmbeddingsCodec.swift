public import MartletCore
import MartletWire

/// The wire format of OpenAI's embeddings (`POST /embeddings`), in both directions.
///
/// Source: OpenAI's API reference, "Embeddings"; llama-server, vLLM and others have the same.
public struct OpenAIEmbeddingsCodec: EmbeddingCodec {
    /// Makes a codec; it has no state.
    public init() {}

    /// Decodes a request body.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> EmbeddingRequest {
        try body.decoded { (view) throws(JSONFieldError) in try EmbeddingRequest(openAI: view) }
    }

    /// Encodes a request body for an upstream.
    ///
    /// Unknown members of a request that was written in this dialect are passed, those of others are named.
    public func encodeRequest(_ request: EmbeddingRequest) throws(GatewayError) -> EncodedRequest {
        var writer = JSONWriter(reserving: 256)
        var dropped = DroppedPaths()
        writer.object { writer in
            writer.member("model", request.model)
            writer.key("input")
            if request.isSingle, request.inputs.count == 1 {
                request.inputs[0].write(to: &writer)
            } else {
                writer.array { writer in
                    for input in request.inputs { input.write(to: &writer) }
                }
            }
            writer.member("encoding_format", request.encodingFormat?.rawValue)
            writer.member("dimensions", request.dimensions)
            writer.member("user", request.user)
            if request.dialect == .openAIChat { writer.members(request.extra) }
        }
        if request.dialect != .openAIChat { dropped.add(request.extra, in: "") }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    /// Decodes an answer; vectors are put in the order of their `index`.
    public func decodeResponse(_ body: [UInt8], count: Int) throws(ChatFailure) -> EmbeddingResponse {
        try body.answered { (view) throws(ChatFailure) in try Self.response(view, count) }
    }

    private static func response(_ view: JSONView, _ count: Int) throws(ChatFailure) -> EmbeddingResponse {
        if view.member("data") == nil, let failure = UpstreamFailure(answer: view) { throw .upstream(failure) }
        guard var reader = try? JSONObjectReader(view), let data = reader.lenient("data", .array) else {
            throw .malformed("the answer has no data")
        }
        var vectors = [EmbeddingVector?](repeating: nil, count: count)
        var position = 0
        for element in data.elements {
            let index = element.member("index")?.int64().flatMap { Int(exactly: $0) } ?? position
            position += 1
            guard vectors.indices.contains(index), vectors[index] == nil,
                let vector = element.member("embedding").flatMap({ EmbeddingVector($0) })
            else { throw .malformed("the answer has not one vector for each input") }
            vectors[index] = vector
        }
        let all = vectors.compactMap(\.self)
        guard all.count == count else { throw .malformed("the answer has not one vector for each input") }
        _ = reader.lenientString("object")
        var response = EmbeddingResponse(model: reader.lenientString("model"), vectors: all)
        // Some servers tell only the total, which is the same.
        if let usage = reader.peek("usage"), let count = usage.member("prompt_tokens") ?? usage.member("total_tokens"),
            let tokens = count.int64(), 0...Usage.largestCount ~= tokens
        {
            var counts = Usage(inputTokens: tokens, outputTokens: 0)
            counts.reportedCost = Usage.reportedCost(usage)
            response.usage = counts
            _ = reader.take("usage")
        }
        response.extra = reader.extra.filter { $0.name != "usage" }
        return response
    }

    /// Encodes an answer for a caller.
    public func encodeResponse(
        _ response: EmbeddingResponse,
        to request: EmbeddingRequest,
        model: String?
    ) throws(ChatFailure) -> [UInt8] {
        let encoding = request.encodingFormat ?? .float
        let vectors = try response.vectors(as: encoding)
        let tokens = response.usage?.inputTokens ?? request.estimatedInputTokens
        let isEstimated = response.usage?.estimated ?? true
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for (index, vector) in vectors.enumerated() {
                    writer.object { writer in
                        writer.member("object", "embedding")
                        writer.member("index", index)
                        writer.key("embedding")
                        vector.write(to: &writer)
                    }
                }
            }
            writer.member("model", model ?? response.model ?? request.model ?? "")
            writer.key("usage")
            writer.object { writer in
                writer.member("prompt_tokens", tokens)
                writer.member("total_tokens", tokens)
                // The gateway's own mark; no provider has it.
                if isEstimated { writer.member("estimated", true) }
            }
            writer.members(response.extra.without("object", "data", "model", "usage"))
        }
        return writer.bytes
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(openAI: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OpenAIChatError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OpenAIChatError.encode(failure, status: status)
    }
}

extension EmbeddingInput {
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .text(let text): writer.string(text)
        case .tokens(let tokens):
            writer.array { writer in
                for token in tokens { writer.integer(token) }
            }
        }
    }
}

public import MartletCore
import MartletWire

/// The wire format of Ollama's embeddings, in both directions: `POST /api/embed`, and the older `POST /api/embeddings`
/// for callers.
///
/// Source: `docs/api.md`, `api/types.go` and `server/routes.go` (`EmbedHandler`) of github.com/ollama/ollama, read
/// 2026-08-21.
public struct OllamaEmbedCodec: EmbeddingCodec {
    /// Which of the two routes is spoken.
    public enum Form: Hashable, Sendable {
        /// `/api/embed`: `input` in, `embeddings` out.
        case embed
        /// `/api/embeddings`: one `prompt` in, one `embedding` out, no usage.
        case embeddings
    }

    /// Which of the two routes callers are spoken to in; upstreams are always asked by `/api/embed`.
    public var form: Form
    /// How long the model stays loaded after a request, where the caller does not say.
    public var keepAlive: String?
    /// Whether Ollama may cut inputs that are longer than the model can read, where the caller does not say.
    ///
    /// `false` makes such a request fail instead; `nil` leaves Ollama's default, which cuts in silence.
    public var truncates: Bool?

    /// Makes a codec.
    public init(form: Form = .embed, keepAlive: String? = nil, truncates: Bool? = false) {
        self.form = form
        self.keepAlive = keepAlive
        self.truncates = truncates
    }

    /// Decodes a request body.
    ///
    /// Without input, which only loads the model, the request has no inputs; see ``isLoad(_:)``.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> EmbeddingRequest {
        let form = form
        return try body.decoded { (view) throws(JSONFieldError) in try EmbeddingRequest(ollama: view, form) }
    }

    /// Whether a request asks for no vector; it is answered with ``emptyAnswer(model:)`` and no model is asked.
    public func isLoad(_ request: EmbeddingRequest) -> Bool { request.inputs.isEmpty }

    /// The answer to a request without input.
    ///
    /// - Parameter model: The model as the caller named it.
    public func emptyAnswer(model: String?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            if form == .embed { writer.member("model", model ?? "") }
            form == .embed ? writer.key("embeddings") : writer.key("embedding")
            writer.array { _ in }
        }
        return writer.bytes
    }

    /// Encodes a request body for an upstream.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for token ids, which Ollama does not take.
    public func encodeRequest(_ request: EmbeddingRequest) throws(GatewayError) -> EncodedRequest {
        var texts: [String] = []
        texts.reserveCapacity(request.inputs.count)
        for input in request.inputs {
            guard case .text(let text) = input else {
                throw GatewayError(
                    .unsupportedParameter,
                    "Ollama takes texts to embed, not token ids; send the text itself.",
                    param: "input"
                )
            }
            texts.append(text)
        }
        var dropped = DroppedPaths()
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("model", request.model)
            writer.key("input")
            if request.isSingle, let text = texts.first {
                writer.string(text)
            } else {
                writer.array { writer in
                    for text in texts { writer.string(text) }
                }
            }
            writer.member("dimensions", request.dimensions)
            if request.user != nil { dropped.add("user") }
            writeExtra(request.extra, &dropped, to: &writer)
        }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    /// Writes the dialect's own members, which callers of other formats may use too, and notes all others.
    private func writeExtra(_ extra: [ExtraMember], _ dropped: inout DroppedPaths, to writer: inout JSONWriter) {
        var truncates = truncates
        var keepAlive = keepAlive
        for member in extra where !member.saysNothing {
            switch (member.name, member.kind) {
            case ("truncate", .true), ("truncate", .false):
                writer.member("truncate", member.value)
                truncates = nil
            case ("keep_alive", .string), ("keep_alive", .number):
                writer.member("keep_alive", member.value)
                keepAlive = nil
            case ("options", .object): writer.member("options", member.value)
            default: dropped.add(member.name, in: "")
            }
        }
        writer.member("truncate", truncates)
        OllamaSettings.write(keepAlive: keepAlive, to: &writer)
    }

    /// Decodes an answer of `/api/embed`.
    public func decodeResponse(_ body: [UInt8], count: Int) throws(ChatFailure) -> EmbeddingResponse {
        try body.answered { (view) throws(ChatFailure) in try Self.response(view, count) }
    }

    private static func response(_ view: JSONView, _ count: Int) throws(ChatFailure) -> EmbeddingResponse {
        if let error = view.member("error"), !error.isNull { throw .upstream(UpstreamFailure(ollama: view)) }
        guard var reader = try? JSONObjectReader(view), let list = reader.lenient("embeddings", .array) else {
            throw .malformed("the answer has no embeddings")
        }
        var vectors: [EmbeddingVector] = []
        for element in list.elements {
            guard element.kind == .array, let vector = EmbeddingVector(element) else {
                throw .malformed("the answer has not one vector for each input")
            }
            vectors.append(vector)
        }
        guard vectors.count == count else { throw .malformed("the answer has not one vector for each input") }
        var response = EmbeddingResponse(model: reader.lenientString("model"), vectors: vectors)
        if let tokens = reader.peek("prompt_eval_count")?.int64(), 1...Usage.largestCount ~= tokens {
            _ = reader.take("prompt_eval_count")
            response.usage = Usage(inputTokens: tokens, outputTokens: 0)
        }
        response.extra = reader.extra.without("data", "object", "usage")
        return response
    }

    /// Encodes an answer for a caller, in the form of the route it used.
    public func encodeResponse(
        _ response: EmbeddingResponse,
        to request: EmbeddingRequest,
        model: String?
    ) throws(ChatFailure) -> [UInt8] {
        let vectors = try response.vectors(as: .float)
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            guard form == .embed else {
                writer.key("embedding")
                (vectors.first ?? .floats([])).write(to: &writer)
                return
            }
            writer.member("model", model ?? response.model ?? request.model ?? "")
            writer.key("embeddings")
            writer.array { writer in
                for vector in vectors { vector.write(to: &writer) }
            }
            writer.member("prompt_eval_count", response.usage?.inputTokens ?? request.estimatedInputTokens)
            writer.members(response.extra.filter { $0.name == "total_duration" || $0.name == "load_duration" })
        }
        return writer.bytes
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(ollama: body) }

    /// Encodes an error body for a caller: `{"error":"text"}`.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OllamaError.encode(error.message) }

    /// Encodes what an upstream said about a failure: `{"error":"text"}`.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OllamaError.encode(failure.message)
    }

    /// The caller's name of a member of a request that is named by OpenAI's.
    ///
    /// - Parameter path: A path as ``EncodedRequest/dropped`` and ``GatewayError/param`` have it.
    public func callerPath(_ path: String) -> String {
        guard form == .embeddings, path == "input" || path.hasPrefix("input[") else { return path }
        return "prompt"
    }
}

extension EmbeddingRequest {
    /// Decodes a request body; what only this dialect has becomes extra members of the same names.
    fileprivate init(ollama view: JSONView, _ form: OllamaEmbedCodec.Form) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let model = try reader.takeString("model")
        var inputs: [EmbeddingInput] = []
        var isSingle = false
        if let input = form == .embed ? reader.takeValue("input") : reader.takeValue("prompt") {
            switch (input.kind, form) {
            case (.string, _):
                let text = try input.requireString()
                if !text.isEmpty { inputs = [.text(text)] }
                isSingle = true
            case (.array, .embed):
                for element in input.elements {
                    guard inputs.count < EmbeddingFacts.maxInputs else {
                        throw input.error(expected: "an array of at most \(EmbeddingFacts.maxInputs) elements")
                    }
                    inputs.append(.text(try element.requireString()))
                }
            case (_, .embed): throw input.error(expected: "a string or an array of strings")
            case (_, .embeddings): throw input.error(expected: "a string")
            }
        }
        self.init(model: model, inputs: inputs, isSingle: isSingle)
        dialect = .ollamaChat
        if form == .embed {
            dimensions = try reader.takeInt("dimensions", in: 0...BodyMembers.largest).flatMap { Int(exactly: $0) }
            if dimensions == 0 { dimensions = nil }
        }
        gateway = try ChatRequest.GatewayExtensions(&reader)
        extra = reader.extra.without("encoding_format", "user")
    }
}

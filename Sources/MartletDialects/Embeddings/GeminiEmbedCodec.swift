public import MartletCore
import MartletWire

/// The wire format of Gemini's embeddings, in both directions: `POST …:batchEmbedContents`, and `POST …:predict` of the
/// older models on Vertex AI.
///
/// Source: Gemini API reference, "Embeddings"; Vertex AI, "Text embeddings API"; `models.py` of google-genai 3.4.0, which
/// tells the models of Vertex AI apart; read 2026-11.
public struct GeminiEmbedCodec: EmbeddingCodec {
    /// Which form is spoken.
    public enum Form: Hashable, Sendable {
        /// `requests` in, each with the model's name, `embeddings` out.
        case batch
        /// The same without the model's name: Gemini models on Vertex AI.
        case vertexBatch
        /// `instances` in, `predictions` out, with the tokens of each.
        case predict

        /// The form for a model.
        public init(model: String, isVertex: Bool) {
            self = !isVertex ? .batch : model.contains("gemini-") ? .vertexBatch : .predict
        }
    }

    /// Which form is spoken.
    public var form: Form

    /// Makes a codec.
    public init(form: Form = .batch) { self.form = form }

    /// 100 inputs in a batch, 250 with 20,000 tokens in a prediction.
    public var limits: EmbeddingLimits {
        switch form {
        case .batch, .vertexBatch: EmbeddingLimits(maxInputs: 100)
        case .predict: EmbeddingLimits(maxInputs: 250, maxTokens: 20_000)
        }
    }

    /// The path of a model, below the base path.
    public static func path(model: String, _ form: Form) -> String {
        GeminiCodec.path(model: model, form == .predict ? "predict" : "batchEmbedContents")
    }

    // MARK: Requests

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError`` for a body of another shape, and for contents that are not text.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> EmbeddingRequest {
        let form = form
        return try body.decoded { (view) throws(JSONFieldError) in try EmbeddingRequest(gemini: view, form) }
    }

    /// Encodes a request body for an upstream.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for token ids, which Gemini does not take.
    public func encodeRequest(_ request: EmbeddingRequest) throws(GatewayError) -> EncodedRequest {
        var texts: [String] = []
        texts.reserveCapacity(request.inputs.count)
        for input in request.inputs {
            guard case .text(let text) = input else {
                throw GatewayError(
                    .unsupportedParameter,
                    "Gemini takes texts to embed, not token ids; send the text itself.",
                    param: "input"
                )
            }
            texts.append(text)
        }
        var dropped = DroppedPaths()
        if request.user != nil { dropped.add("user") }
        let options = options(request.extra, &dropped)
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            switch form {
            case .batch, .vertexBatch: writeBatch(texts, request, options, to: &writer)
            case .predict: writePredict(texts, request, options, to: &writer)
            }
        }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    /// What the text is for, which callers of other formats may say too.
    private struct Options {
        var taskType: JSONText?
        var title: JSONText?
        var truncates: JSONText?
    }

    private func options(_ extra: [ExtraMember], _ dropped: inout DroppedPaths) -> Options {
        var options = Options()
        for member in extra where !member.saysNothing {
            switch (member.name, member.kind) {
            case ("task_type", .string), ("taskType", .string): options.taskType = member.value
            case ("title", .string): options.title = member.value
            case ("autoTruncate", .true), ("autoTruncate", .false):
                if form == .predict { options.truncates = member.value } else { dropped.add(member.name) }
            default: dropped.add(member.name, in: "")
            }
        }
        return options
    }

    private func writeBatch(
        _ texts: [String],
        _ request: EmbeddingRequest,
        _ options: Options,
        to writer: inout JSONWriter
    ) {
        let model = form == .batch ? request.model : nil
        let name = model.map { $0.hasPrefix("models/") || $0.hasPrefix("tunedModels/") ? $0 : "models/" + $0 }
        writer.key("requests")
        writer.array { writer in
            for text in texts {
                writer.object { writer in
                    writer.member("model", name)
                    writer.key("content")
                    writer.object { writer in
                        writer.key("parts")
                        writer.array { $0.object { $0.member("text", text) } }
                    }
                    writer.member("taskType", options.taskType)
                    writer.member("title", options.title)
                    writer.member("outputDimensionality", request.dimensions)
                }
            }
        }
    }

    private func writePredict(
        _ texts: [String],
        _ request: EmbeddingRequest,
        _ options: Options,
        to writer: inout JSONWriter
    ) {
        writer.key("instances")
        writer.array { writer in
            for text in texts {
                writer.object { writer in
                    writer.member("content", text)
                    writer.member("task_type", options.taskType)
                    writer.member("title", options.title)
                }
            }
        }
        guard request.dimensions != nil || options.truncates != nil else { return }
        writer.key("parameters")
        writer.object { writer in
            writer.member("outputDimensionality", request.dimensions)
            writer.member("autoTruncate", options.truncates)
        }
    }

    // MARK: Answers

    /// Decodes an answer; vectors get the length 1, which shortened ones do not have.
    public func decodeResponse(_ body: [UInt8], count: Int) throws(ChatFailure) -> EmbeddingResponse {
        try body.answered { (view) throws(ChatFailure) in try response(view, count) }
    }

    private func response(_ view: JSONView, _ count: Int) throws(ChatFailure) -> EmbeddingResponse {
        if let failure = UpstreamFailure(geminiAnswer: view) { throw .upstream(failure) }
        let name: StaticString = form == .predict ? "predictions" : "embeddings"
        guard let list = view.member(name), list.kind == .array else {
            throw .malformed("the answer has no embeddings")
        }
        var vectors: [EmbeddingVector] = []
        var tokens: Int64? = 0
        for element in list.elements {
            let inner = form == .predict ? element.member("embeddings") : element
            guard let values = inner?.member("values"), values.kind == .array, let vector = EmbeddingVector(values)
            else {
                throw .malformed("the answer has not one vector for each input")
            }
            vectors.append(vector.ofLengthOne)
            let told = inner?.member("statistics")?.member("token_count")?.double().flatMap { Int64(exactly: $0) }
            tokens = Self.sum(tokens, told)
        }
        guard vectors.count == count else { throw .malformed("the answer has not one vector for each input") }
        var response = EmbeddingResponse(vectors: vectors)
        if form != .predict { tokens = view.member("usageMetadata")?.member("promptTokenCount")?.int64() }
        if let tokens, 0...Usage.largestCount ~= tokens, tokens > 0 {
            response.usage = Usage(inputTokens: tokens, outputTokens: 0)
        }
        return response
    }

    /// The sum of two counts; `nil` when one is not known or beyond belief.
    private static func sum(_ left: Int64?, _ right: Int64?) -> Int64? {
        guard let left, let right, 0...Usage.largestCount ~= right else { return nil }
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : sum
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
            form == .predict ? writer.key("predictions") : writer.key("embeddings")
            writer.array { writer in
                for vector in vectors {
                    writer.object { writer in
                        if form != .predict { return Self.write(vector, to: &writer) }
                        writer.key("embeddings")
                        writer.object { Self.write(vector, to: &$0) }
                    }
                }
            }
            guard form != .predict, let usage = response.usage else { return }
            writer.key("usageMetadata")
            writer.object { $0.member("promptTokenCount", usage.inputTokens) }
        }
        return writer.bytes
    }

    private static func write(_ vector: EmbeddingVector, to writer: inout JSONWriter) {
        writer.key("values")
        vector.write(to: &writer)
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(gemini: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { GeminiError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        GeminiError.encode(failure, status: status)
    }
}

extension EmbeddingVector {
    /// The vector with the length 1; as it is when it has that already, so that no digit is lost.
    fileprivate var ofLengthOne: EmbeddingVector {
        guard let values else { return self }
        let square = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard square > 0, square.isFinite, abs(square - 1) > 1e-4 else { return self }
        let length = square.squareRoot()
        return .floats(values.map { Float(Double($0) / length) })
    }
}

extension EmbeddingRequest {
    /// Decodes a request body; each element says the same but for its text.
    fileprivate init(gemini view: JSONView, _ form: GeminiEmbedCodec.Form) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        var inputs: [EmbeddingInput] = []
        var model: String?
        var dimensions: Int64?
        var extra: [ExtraMember] = []
        let name: StaticString = form == .predict ? "instances" : "requests"
        for element in try reader.requireArray(name) {
            guard inputs.count < EmbeddingFacts.maxInputs else {
                throw reader.error(name, expected: "an array of at most \(EmbeddingFacts.maxInputs) elements")
            }
            var one = try JSONObjectReader(element)
            if form == .predict {
                inputs.append(.text(try one.requireString("content")))
            } else {
                if let name = try one.takeString("model") {
                    model = name.hasPrefix("models/") ? String(name.dropFirst(7)) : name
                }
                let content = try one.require("content", expected: "a content")
                var text = ""
                for part in content.member("parts")?.elements.map({ $0 }) ?? [] {
                    guard let piece = part.member("text")?.string() else { throw part.error(expected: "a text") }
                    text += piece
                }
                inputs.append(.text(text))
                dimensions = try one.takeInt("outputDimensionality", in: 1...65_536)
            }
            if extra.isEmpty { extra = one.extra }
        }
        if var parameters = try reader.takeObject("parameters") {
            dimensions = try parameters.takeInt("outputDimensionality", in: 1...65_536)
            extra += parameters.extra
        }
        self.init(model: model, inputs: inputs)
        self.dimensions = dimensions.flatMap { Int(exactly: $0) }
        self.extra = extra + reader.extra
        dialect = .gemini
    }
}

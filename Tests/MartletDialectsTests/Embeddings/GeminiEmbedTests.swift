import MartletCore
import MartletDialects
import Testing

@Suite("Embeddings in Gemini's format") struct GeminiEmbedTests {
    private static let forms: [GeminiEmbedCodec.Form] = [.batch, .vertexBatch, .predict]

    private static func request(_ inputs: [EmbeddingInput]) -> EmbeddingRequest {
        var request = EmbeddingRequest(model: "m", inputs: inputs)
        request.dimensions = 3
        request.extra = [
            ExtraMember(name: "task_type", value: JSONText(#""CLUSTERING""#)),
            ExtraMember(name: "other", value: JSONText("1")),
        ]
        request.user = "u"
        return request
    }

    @Test(arguments: forms)
    func `are asked for in each form, and what has no place is named`(_ form: GeminiEmbedCodec.Form) throws {
        let codec = GeminiEmbedCodec(form: form)
        let encoded = try codec.encodeRequest(Self.request([.text("a"), .text("b")]))
        #expect(encoded.dropped == ["user", "other"])
        let sent = try leaves(encoded.body)
        switch form {
        case .batch, .vertexBatch:
            #expect(sent[".requests[0].model"] == (form == .batch ? "\"models/m" : nil))
            #expect(sent[".requests[1].content.parts[0].text"] == "\"b")
            #expect(sent[".requests[1].taskType"] == "\"CLUSTERING")
            #expect(sent[".requests[1].outputDimensionality"] == "3.0")
        case .predict:
            #expect(sent[".instances[1].content"] == "\"b" && sent[".instances[1].task_type"] == "\"CLUSTERING")
            #expect(sent[".parameters.outputDimensionality"] == "3.0")
        }
        let read = try codec.decodeRequest(encoded.body)
        #expect(read.inputs == [.text("a"), .text("b")] && read.dimensions == 3)
        #expect(try canonical(codec.encodeRequest(Self.named(read)).body) == canonical(encoded.body))
    }

    /// The request with the model that the path names.
    private static func named(_ request: EmbeddingRequest) -> EmbeddingRequest {
        var request = request
        request.model = "m"
        return request
    }

    @Test func `are refused for token ids`() {
        let error = #expect(throws: GatewayError.self) {
            try GeminiEmbedCodec().encodeRequest(Self.request([.tokens([1])]))
        }
        #expect(error?.code == .unsupportedParameter && error?.param == "input")
    }

    @Test(arguments: forms)
    func `get the length one, and keep each digit where they have it`(_ form: GeminiEmbedCodec.Form) throws {
        let codec = GeminiEmbedCodec(form: form)
        let body =
            form == .predict
            ? #"""
            {"predictions":[{"embeddings":{"values":[3,4],"statistics":{"token_count":3,"truncated":false}}},
            {"embeddings":{"values":[0.60,0.80],"statistics":{"token_count":4}}}]}
            """# : #"{"embeddings":[{"values":[3,4]},{"values":[0.60,0.80]}],"usageMetadata":{"promptTokenCount":7}}"#
        let response = try codec.decodeResponse(Array(body.utf8), count: 2)
        #expect(response.vectors[0].values == [0.6, 0.8])
        #expect(response.vectors[1] == .numbers(JSONText("[0.60,0.80]")))
        #expect(response.usage?.inputTokens == 7)
        let again = try codec.encodeResponse(response, to: Self.request([.text("a"), .text("b")]), model: nil)
        #expect(try codec.decodeResponse(again, count: 2).vectors.map(\.values) == response.vectors.map(\.values))
    }

    @Test(arguments: [
        "{}", #"{"embeddings":[]}"#, #"{"embeddings":[{"values":["a"]}]}"#, #"{"embeddings":[{}]}"#, "[]",
    ])
    func `that are no vectors for the inputs are no answer`(_ body: String) {
        #expect(throws: ChatFailure.self) { try GeminiEmbedCodec().decodeResponse(Array(body.utf8), count: 1) }
    }

    @Test func `tell an error in place of an answer`() {
        let body = Array(#"{"error":{"code":429,"message":"Slow.","status":"RESOURCE_EXHAUSTED"}}"#.utf8)
        #expect(throws: ChatFailure.upstream(UpstreamFailure(message: "Slow.", type: "RESOURCE_EXHAUSTED"))) {
            try GeminiEmbedCodec().decodeResponse(body, count: 1)
        }
    }

    @Test func `take as many inputs as the form, and have its path`() {
        #expect(GeminiEmbedCodec(form: .batch).limits.maxInputs == 100)
        #expect(GeminiEmbedCodec(form: .predict).limits.maxInputs == 250)
        let path = { (model: String, isVertex: Bool) in
            Dialect.gemini.embeddingPath(model: model, isVertex: isVertex) ?? ""
        }
        #expect(path("gemini-embedding-001", false) == "/models/gemini-embedding-001:batchEmbedContents")
        #expect(path("gemini-embedding-001", true).hasSuffix(":batchEmbedContents"))
        #expect(path("text-embedding-005", true) == "/models/text-embedding-005:predict")
    }
}

import MartletCore
import MartletDialects
import Testing

@Suite("Vectors of Titan and Cohere") struct BedrockEmbedTests {
    private func sent(_ model: String, _ body: String) throws -> (text: String, dropped: [String]) {
        let codec = try #require(BedrockEmbedCodec(model: model))
        let encoded = try codec.encodeRequest(OpenAIEmbeddingsCodec().decodeRequest(Array(body.utf8)))
        return (try canonical(encoded.body), encoded.dropped)
    }

    private func same(_ text: String) throws -> String { try canonical(Array(text.utf8)) }

    @Test func `are asked for in each maker's words`() throws {
        let one = #"{"model":"m","input":"a","dimensions":256,"normalize":true,"user":"u","odd":1}"#
        let titan = try sent("amazon.titan-embed-text-v2:0", one)
        #expect(try titan.text == same(#"{"inputText":"a","dimensions":256,"normalize":true}"#))
        #expect(titan.dropped == ["user", "odd"])
        let image = try sent("amazon.titan-embed-image-v1", one)
        #expect(try image.text == same(#"{"inputText":"a","embeddingConfig":{"outputEmbeddingLength":256}}"#))
        let several = #"{"model":"m","input":["a","b"],"input_type":"search_query","truncate":"END"}"#
        #expect(
            try sent("cohere.embed-english-v3", several).text
                == same(#"{"texts":["a","b"],"input_type":"search_query","truncate":"END"}"#)
        )
        #expect(
            try sent("us.cohere.embed-v4:0", #"{"model":"m","input":["a"],"dimensions":512}"#).text
                == same(
                    #"{"texts":["a"],"input_type":"search_document","output_dimension":512,"embedding_types":["float"]}"#
                )
        )
    }

    @Test func `of a length the model does not have are refused, as token ids are`() throws {
        let cases = [
            ("amazon.titan-embed-text-v1", #"{"model":"m","input":"a","dimensions":256}"#, "dimensions"),
            ("cohere.embed-multilingual-v3", #"{"model":"m","input":"a","dimensions":256}"#, "dimensions"),
            ("amazon.titan-embed-text-v2:0", #"{"model":"m","input":[1,2]}"#, "input"),
            ("cohere.embed-v4:0", #"{"model":"m","input":[[1],[2]]}"#, "input[0]"),
        ]
        for (model, body, param) in cases {
            let error = #expect(throws: GatewayError.self) { try sent(model, body) }
            #expect(error?.param == param)
        }
        #expect(BedrockEmbedCodec(model: "amazon.nova-pro-v1:0") == nil)
    }

    @Test func `are read in every form`() throws {
        let titan = try #require(BedrockEmbedCodec(model: "amazon.titan-embed-text-v2:0"))
        let answer = try titan.decodeResponse(Array(#"{"embedding":[0.5,1],"inputTextTokenCount":5}"#.utf8), count: 1)
        #expect(answer.vectors.map(\.values) == [[0.5, 1]] && answer.usage?.inputTokens == 5)
        let cohere = try #require(BedrockEmbedCodec(model: "cohere.embed-v4:0"))
        for body in [#"{"embeddings":[[1],[2]]}"#, #"{"embeddings":{"float":[[1],[2]]},"response_type":"x"}"#] {
            #expect(try cohere.decodeResponse(Array(body.utf8), count: 2).vectors.map(\.values) == [[1], [2]])
            #expect(throws: ChatFailure.self) { try cohere.decodeResponse(Array(body.utf8), count: 3) }
        }
        let refusal = UpstreamFailure(message: "no")
        #expect(throws: ChatFailure.upstream(refusal)) {
            try cohere.decodeResponse(Array(#"{"message":"no"}"#.utf8), count: 1)
        }
    }

    @Test func `keep to what a call takes`() throws {
        let texts = EmbeddingRequest(model: nil, inputs: (0..<200).map { .text("\($0)") })
        #expect(texts.calls(try #require(BedrockEmbedCodec(model: "amazon.titan-embed-text-v1")).limits).count == 200)
        #expect(
            texts.calls(try #require(BedrockEmbedCodec(model: "cohere.embed-v4:0")).limits).map(\.count) == [96, 96, 8]
        )
    }

    @Test func `come through their own codecs`() throws {
        for model in ["amazon.titan-embed-text-v2:0", "amazon.titan-embed-image-v1", "cohere.embed-v4:0"] {
            let codec = try #require(BedrockEmbedCodec(model: model))
            var request = EmbeddingRequest(model: nil, inputs: [.text("a")], isSingle: !model.hasPrefix("cohere"))
            request.dimensions = 256
            var again = try codec.decodeRequest(codec.encodeRequest(request).body)
            again.dialect = request.dialect
            again.extra = []
            #expect(again == request)
            let answer = EmbeddingResponse(vectors: [.floats([0.5, 2])])
            let body = try codec.encodeResponse(answer, to: request, model: nil)
            #expect(try codec.decodeResponse(body, count: 1).vectors.map(\.values) == [[0.5, 2]])
        }
    }
}

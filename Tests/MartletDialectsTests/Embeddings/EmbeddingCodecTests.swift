import MartletCore
import MartletDialects
import MartletWire
import Testing

private let openAI = OpenAIEmbeddingsCodec()
private let ollama = OllamaEmbedCodec(truncates: nil)

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite("OpenAI embeddings") struct OpenAIEmbeddingsTests {
    @Test(arguments: [
        #"{"model":"m","input":"a \"é\"","encoding_format":"base64","dimensions":256,"user":"u","x":[1,{"y":null}]}"#,
        #"{"input":["a","b"]}"#, #"{"model":"m","input":[1,2,50256]}"#, #"{"model":"m","input":[[1],[2,3]]}"#,
        #"{"model":"m","input":["one in a list"],"encoding_format":"float"}"#,
    ])
    func `requests keep every leaf`(_ body: String) throws {
        let encoded = try openAI.encodeRequest(openAI.decodeRequest(Array(body.utf8)))
        #expect(try leaves(encoded.body) == leaves(Array(body.utf8)) && encoded.dropped.isEmpty)
    }

    @Test(arguments: [
        (#"{"input":""}"#, "input"), (#"{"input":[]}"#, "input"), (#"{"input":["a",""]}"#, "input[1]"),
        (#"{"input":["a",1]}"#, "input[1]"), (#"{"input":[[1,"a"]]}"#, "input[0][1]"), (#"{"input":true}"#, "input"),
        (#"{"input":"x","encoding_format":"ubinary"}"#, "encoding_format"), (#"{"model":"m"}"#, "input"),
    ])
    func `that cannot be meant are refused by name`(_ body: String, _ param: String) {
        let error = #expect(throws: GatewayError.self) { try openAI.decodeRequest(Array(body.utf8)) }
        #expect(error?.param == param)
    }

    private let answer =
        Array(
            #"{"object":"list","data":[{"object":"embedding","index":1,"embedding":[2.50,-1e-7]},"#.utf8
        )
        + Array(
            #"{"embedding":[0.1,3],"index":0}],"model":"up","usage":{"prompt_tokens":5,"total_tokens":5},"z":1}"#.utf8
        )

    @Test func `answers come in the order of their index, digit by digit`() throws {
        let response = try openAI.decodeResponse(answer, count: 2)
        #expect(response.vectors == [.numbers(JSONText("[0.1,3]")), .numbers(JSONText("[2.50,-1e-7]"))])
        #expect(response.usage == Usage(inputTokens: 5, outputTokens: 0) && response.model == "up")
        let request = EmbeddingRequest(model: "alias", inputs: [.text("a"), .text("b")])
        let sent = try openAI.encodeResponse(response, to: request, model: "alias")
        #expect(
            text(sent)
                == #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,3]},"#
                + #"{"object":"embedding","index":1,"embedding":[2.50,-1e-7]}],"model":"alias","#
                + #""usage":{"prompt_tokens":5,"total_tokens":5},"z":1}"#
        )
        #expect(try openAI.decodeResponse(sent, count: 2).vectors == response.vectors)
    }

    @Test func `answers take the form the caller asked for`() throws {
        var request = EmbeddingRequest(model: "m", inputs: [.text("12345")])
        request.encodingFormat = .base64
        let response = EmbeddingResponse(vectors: [.numbers(JSONText("[1, -2]"))])
        let sent = try openAI.encodeResponse(response, to: request, model: nil)
        let leaves = try leaves(sent)
        #expect(leaves[".data[0].embedding"] == "\"AACAPwAAAMA=" && leaves[".model"] == "\"m")
        // Nobody told the tokens: they are estimated, and it says so.
        #expect(leaves[".usage.prompt_tokens"] == "2.0" && leaves[".usage.estimated"] == "true")
        let back = try openAI.decodeResponse(sent, count: 1)
        #expect(back.vectors == [.base64(Array("AACAPwAAAMA=".utf8))])
        request.encodingFormat = nil
        #expect(text(try openAI.encodeResponse(back, to: request, model: nil)).contains("[1.0,-2.0]"))
        let broken = EmbeddingResponse(vectors: [.base64(Array("AADAfw==".utf8))])
        #expect(throws: ChatFailure.self) { try openAI.encodeResponse(broken, to: request, model: nil) }
    }

    @Test(arguments: [
        (#"{"data":[]}"#, 1), (#"{"data":[{"embedding":[1],"index":1}]}"#, 1), (#"{"data":[{"embedding":"A"}]}"#, 2),
        (#"{"data":[{"embedding":[1],"index":0},{"embedding":[1],"index":0}]}"#, 2), (#"{"data":{}}"#, 0), ("[]", 0),
        (#"{"data":[{"embedding":[1,"x"]}]}"#, 1), (#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#, 1),
        (#"{"data":[{"embedding":[1],"index":-1}]}"#, 1), (#"{"data":[{"embedding":[1],"index":9e18}]}"#, 1), ("{", 1),
    ])
    func `answers without one vector for each input are none`(_ body: String, _ count: Int) throws {
        let failure = #expect(throws: ChatFailure.self) { try openAI.decodeResponse(Array(body.utf8), count: count) }
        guard case .malformed = failure else { return #expect(Bool(false)) }
    }

    @Test func `an error in place of an answer is the upstream's`() throws {
        let body = Array(#"{"error":{"message":"no","code":"c"}}"#.utf8)
        let failure = #expect(throws: ChatFailure.self) { try openAI.decodeResponse(body, count: 1) }
        #expect(failure == .upstream(UpstreamFailure(message: "no", code: "c")))
    }
}

@Suite("Ollama embeddings") struct OllamaEmbedTests {
    @Test(arguments: [
        #"{"model":"nomic","input":["a","b"],"truncate":true,"dimensions":64,"keep_alive":"5m","options":{"num_ctx":8}}"#,
        #"{"model":"nomic","input":"a"}"#,
    ])
    func `requests keep every leaf`(_ body: String) throws {
        let encoded = try ollama.encodeRequest(ollama.decodeRequest(Array(body.utf8)))
        #expect(try leaves(encoded.body) == leaves(Array(body.utf8)) && encoded.dropped.isEmpty)
    }

    @Test func `requests of OpenAI's shape are told what cuts and how long the model stays`() throws {
        let request = try openAI.decodeRequest(
            Array(#"{"model":"m","input":["a"],"encoding_format":"base64","user":"u","x":1,"y":null}"#.utf8)
        )
        let codec = OllamaEmbedCodec(keepAlive: "300")
        let encoded = try codec.encodeRequest(request)
        #expect(text(encoded.body) == #"{"model":"m","input":["a"],"truncate":false,"keep_alive":300}"#)
        // The form of the vectors is the gateway's to give.
        #expect(encoded.dropped == ["user", "x"])
    }

    @Test func `requests with token ids are refused`() throws {
        let request = EmbeddingRequest(model: "m", inputs: [.text("a"), .tokens([1])])
        let error = #expect(throws: GatewayError.self) { try ollama.encodeRequest(request) }
        #expect(error?.code == .unsupportedParameter && error?.param == "input")
    }

    @Test func `requests to OpenAI name what only Ollama has`() throws {
        let body =
            #"{"model":"m","input":"a","truncate":true,"keep_alive":"1m","options":{"num_ctx":8},"dimensions":3}"#
        let encoded = try openAI.encodeRequest(ollama.decodeRequest(Array(body.utf8)))
        #expect(text(encoded.body) == #"{"model":"m","input":"a","dimensions":3}"#)
        #expect(encoded.dropped == ["truncate", "keep_alive", "options"])
    }

    @Test(arguments: [#"{"model":"m"}"#, #"{"model":"m","input":""}"#, #"{"model":"m","input":[]}"#])
    func `requests without input only load the model`(_ body: String) throws {
        let request = try ollama.decodeRequest(Array(body.utf8))
        #expect(ollama.isLoad(request))
        #expect(text(ollama.emptyAnswer(model: "m")) == #"{"model":"m","embeddings":[]}"#)
        #expect(try facts(body) { try OllamaEmbedFacts.read($0, scanner: $1) }.messageCount == 0)
    }

    @Test func `answers pass digit by digit, and tell tokens`() throws {
        let body = #"{"model":"up","embeddings":[[0.010,2],[3e-9]],"total_duration":14,"prompt_eval_count":8}"#
        let response = try ollama.decodeResponse(Array(body.utf8), count: 2)
        #expect(response.usage?.inputTokens == 8 && response.vectors.count == 2)
        let request = EmbeddingRequest(model: "m", inputs: [.text("a"), .text("b")])
        #expect(
            text(try ollama.encodeResponse(response, to: request, model: "m"))
                == #"{"model":"m","embeddings":[[0.010,2],[3e-9]],"prompt_eval_count":8,"total_duration":14}"#
        )
        let openAIBody = try openAI.encodeResponse(response, to: request, model: "m")
        #expect(try openAI.decodeResponse(openAIBody, count: 2).vectors == response.vectors)
    }

    @Test func `the older route has one prompt and one vector`() throws {
        let codec = OllamaEmbedCodec(form: .embeddings)
        let request = try codec.decodeRequest(Array(#"{"model":"m","prompt":"a","options":{}}"#.utf8))
        #expect(request.inputs == [.text("a")] && request.isSingle)
        let response = EmbeddingResponse(vectors: [.base64(Array("AACAPw==".utf8))])
        #expect(text(try codec.encodeResponse(response, to: request, model: "m")) == #"{"embedding":[1.0]}"#)
        #expect(codec.callerPath("input[0]") == "prompt" && ollama.callerPath("input[0]") == "input[0]")
        #expect(text(codec.emptyAnswer(model: "m")) == #"{"embedding":[]}"#)
        #expect(throws: GatewayError.self) { try codec.decodeRequest(Array(#"{"prompt":["a"]}"#.utf8)) }
    }

    @Test(arguments: [
        (#"{"error":"model 'x' not found"}"#, true), (#"{"embeddings":[[1]]}"#, false),
        (#"{"embeddings":["AA"]}"#, false),
        (#"{"embedding":[1]}"#, false), ("", false),
    ])
    func `answers that are none are failures`(_ body: String, _ isUpstream: Bool) {
        let failure = #expect(throws: ChatFailure.self) { try ollama.decodeResponse(Array(body.utf8), count: 2) }
        if case .upstream = failure { #expect(isUpstream) } else { #expect(!isUpstream) }
    }
}

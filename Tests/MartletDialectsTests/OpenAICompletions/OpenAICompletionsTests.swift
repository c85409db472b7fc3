import MartletCore
import MartletDialects
import MartletWire
import Testing

private let codec = OpenAICompletionsCodec()

@Suite("OpenAI completions") struct OpenAICompletionsTests {
    private func read(_ body: String) throws -> RequestFacts {
        try facts(body) { try OpenAICompletionsFacts.read($0, scanner: $1) }
    }

    private let full =
        #"{"model":"m","prompt":"def f(","suffix":"\n","max_tokens":64,"temperature":0.2,"top_p":0.9,"n":2,"stop":["\n\n"],"#
        + #""seed":7,"presence_penalty":0.5,"frequency_penalty":-0.5,"stream":true,"stream_options":{"include_usage":true},"#
        + #""user":"u","logit_bias":{"50256":-100},"best_of":3,"x":[1]}"#

    @Test func `requests keep every leaf`() throws {
        let request = try codec.decodeRequest(Array(full.utf8))
        let encoded = try codec.encodeRequest(request)
        #expect(try leaves(encoded.body) == leaves(Array(full.utf8)) && encoded.dropped.isEmpty)
        #expect(try codec.decodeRequest(encoded.body) == request)
        #expect(request.messages == [ChatMessage(role: .user, text: "def f(")] && request.dialect == .openAICompletions)
    }

    @Test func `requests to chats name what a chat has no place for`() throws {
        let encoded = try OpenAIChatCodec().encodeRequest(codec.decodeRequest(Array(full.utf8)))
        #expect(encoded.dropped == ["suffix", "best_of", "x"])
        let sent = try leaves(encoded.body)
        #expect(
            sent[".messages[0].content"] == "\"def f(" && sent[".logit_bias.50256"] == "-100.0" && sent[".n"] == "2.0"
        )
    }

    @Test(arguments: [
        #""echo":false"#, #""best_of":1"#, #""logprobs":null"#, #""suffix":"""#, #""logit_bias":{}"#,
        #""logprobs":false"#,
        #""store":false"#, #""service_tier":"auto""#, #""modalities":["text"]"#, #""metadata":{}"#,
    ])
    func `members that say nothing are not named`(_ member: String) throws {
        let request = try codec.decodeRequest(Array(#"{"model":"m","prompt":["one"],\#(member)}"#.utf8))
        #expect(try OllamaChatCodec().encodeRequest(request).dropped.isEmpty)
        #expect(try OpenAIChatCodec().encodeRequest(request).dropped.isEmpty)
    }

    @Test(arguments: [
        (#""prompt":["a","b"]"#, "prompt"), (#""prompt":[1,2]"#, "prompt"), (#""prompt":[[1]]"#, "prompt"),
        (#""prompt":"a","echo":true"#, "echo"), (#""prompt":"a","logprobs":0"#, "logprobs"),
    ])
    func `what only completions can do is refused where there are none`(_ members: String, _ param: String) throws {
        #expect(try read("{\(members)}").messageCount > 0)
        let error = #expect(throws: GatewayError.self) { try codec.decodeRequest(Array("{\(members)}".utf8)) }
        #expect(error?.code == .unsupportedParameter && error?.param == param)
    }

    @Test(arguments: [
        (#""prompt":"abc""#, 1, 3), (#""prompt":["a","bc"]"#, 2, 3), (#""prompt":[1,2,3]"#, 1, 12),
        (#""prompt":[[1],[2,3]]"#, 2, 12), (#""prompt":"a","suffix":"bc","n":4"#, 1, 3), (#""prompt":"""#, 1, 0),
    ])
    func `facts count prompts and weigh them`(_ members: String, _ count: Int, _ bytes: Int) throws {
        let facts = try read("{\(members)}")
        #expect(facts.messageCount == count && facts.textBytes == bytes)
        #expect(facts.choiceCount == (members.contains("\"n\"") ? 4 : 1))
    }

    @Test(arguments: [
        (#"{"prompt":{}}"#, "prompt"), (#"{"prompt":[]}"#, "prompt"), (#"{"prompt":["a",1]}"#, "prompt[1]"),
        (#"{"prompt":[1.5]}"#, "prompt[0]"), (#"{"prompt":"a","suffix":1}"#, "suffix"), (#"{"prompt":"a","n":0}"#, "n"),
        (#"{"prompt":"a","logprobs":21}"#, "logprobs"), (#"{"prompt":"a","stop":[1]}"#, "stop[0]"),
        (#"{"prompt":"a","max_tokens":-1}"#, "max_tokens"), (#"{"prompt":"a","echo":1}"#, "echo"),
        (#"{"prompt":"a","temperature":2.5}"#, "temperature"), (#"{"prompt":"a","best_of":"x"}"#, "best_of"),
        ("{}", "prompt"),
        (#"{"prompt":"a","stream_options":{"include_usage":1}}"#, "stream_options.include_usage"),
    ])
    func `facts refuse what cannot be meant, and name it`(_ body: String, _ param: String) {
        let error = #expect(throws: GatewayError.self) { try read(body) }
        #expect(error?.param == param)
    }

    @Test func `bodies pass to a target with completions, with usage asked for`() throws {
        let body = #"{"prompt":[[1,2]],"model":"m","stream":true,"route":"auto","echo":true}"#
        let sent = try spliced(body, { try OpenAICompletionsFacts.read($0, scanner: $1) }) { body, scanner, facts in
            OpenAIChatSplice.edits(
                body,
                scanner: scanner,
                facts: facts,
                upstreamModel: "up",
                acceptsStreamUsage: true
            )
        }
        #expect(
            sent
                == #"{"prompt":[[1,2]],"model":"up","stream":true,"echo":true,"stream_options":{"include_usage":true}}"#
        )
    }

    private let answer =
        #"{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":" é","index":0,"#
        + #""logprobs":{"tokens":[" é"],"token_logprobs":[-0.50]},"finish_reason":"length"},{"text":"b","index":1,"#
        + #""logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"#
        + #""system_fingerprint":"fp"}"#

    @Test func `answers keep every byte`() throws {
        let response = try codec.decodeResponse(Array(answer.utf8))
        #expect(response.choices.map(\.message.text) == [" é", "b"])
        #expect(response.choices.map(\.finishReason) == [.length, .stop])
        #expect(String(decoding: codec.encodeResponse(response), as: UTF8.self) == answer)
        let asked = try leaves(OpenAICompletionsCodec(for: callerContext()).encodeResponse(response))
        #expect(asked[".id"] == "\"cmpl-01900000-0000-7000-8000-000000000001" && asked[".model"] == "\"asked")
    }

    @Test func `answers of chats become texts`() throws {
        let chat =
            #"{"id":"c","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","#
            + #""reasoning_content":"Hm"},"logprobs":{"content":[]},"finish_reason":"tool_calls"}]}"#
        let response = try OpenAIChatCodec().decodeResponse(Array(chat.utf8))
        #expect(
            String(decoding: codec.encodeResponse(response), as: UTF8.self)
                == #"{"id":"c","object":"text_completion","created":7,"model":"m","#
                + #""choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":"stop"}]}"#
        )
    }

    @Test(arguments: Fixture.all("OpenAICompletions/streams"))
    func `streams decode alike however they are cut`(_ fixture: Fixture) {
        let whole = decoded([fixture.bytes], with: codec)
        #expect((whole.failure == nil) == fixture.name.hasPrefix("whole"))
        for reads in cuts(of: fixture.bytes) {
            let other = decoded(reads, with: codec)
            #expect(other.chunks == whole.chunks && other.failure == whole.failure)
        }
    }

    @Test func `streams encode to the same bytes`() throws {
        let stream = try Fixture.named("whole.sse", in: "OpenAICompletions/streams").bytes
        let chunks = decoded([stream], with: codec).chunks
        #expect(accumulated(chunks).choices.map(\.message.text) == ["def f", "x"])
        let text = String(decoding: stream, as: UTF8.self)
        #expect(encoded(chunks, with: codec.makeStreamEncoder(includeUsage: true)) == text)
        var asked = OpenAICompletionsCodec(for: callerContext()).makeStreamEncoder(includeUsage: false)
        var bytes: [UInt8] = []
        for chunk in chunks { asked.encode(chunk, into: &bytes) }
        asked.finishBeforeDone(into: &bytes)
        let told = String(decoding: bytes, as: UTF8.self)
        #expect(!told.contains("usage") && !told.contains("[DONE]") && told.contains(#""model":"asked""#))
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("One message in, one text out") struct SimpleChatTests {
    private let codec = SimpleChatCodec()

    private func read(_ body: String) throws -> RequestFacts {
        try facts(body) { try SimpleChatFacts.read($0, scanner: $1) }
    }

    @Test func `requests keep every leaf, and are chats of one message`() throws {
        let body =
            #"{"model":"m","message":"Hi \"é\"","system":"Be brief.","max_tokens":9,"temperature":0.5,"#
            + #""stream":true,"user":"u","x":{"y":[1]}}"#
        let request = try codec.decodeRequest(Array(body.utf8))
        #expect(
            request.messages == [
                ChatMessage(role: .system, text: "Be brief."), ChatMessage(role: .user, text: #"Hi "é""#),
            ]
        )
        let encoded = try codec.encodeRequest(request)
        #expect(try leaves(encoded.body) == leaves(Array(body.utf8)) && encoded.dropped.isEmpty)
        #expect(try OpenAIChatCodec().encodeRequest(request).dropped == ["x"])
        let facts = try read(body)
        #expect(facts.stream && facts.textBytes == 7 + 9 && facts.outputTokenLimit == 9 && facts.messageCount == 1)
    }

    @Test(arguments: [
        (#"{"message":""}"#, "message"), (#"{"message":7}"#, "message"),
        (#"{"message":"x","max_tokens":0}"#, "max_tokens"),
        (#"{"message":"x","temperature":3}"#, "temperature"), (#"{"message":"x","stream":"yes"}"#, "stream"),
        (#"{"message":"x","system":[]}"#, "system"), ("{}", "message"), (#"{"message":null}"#, "message"),
    ])
    func `requests that cannot be meant are refused by name`(_ body: String, _ param: String) {
        let first = #expect(throws: GatewayError.self) { try codec.decodeRequest(Array(body.utf8)) }
        let second = #expect(throws: GatewayError.self) { try read(body) }
        #expect(first?.param == param && second?.param == param && first?.code == second?.code)
    }

    @Test func `requests with more than one message are refused`() {
        let messages = [ChatMessage(role: .user, text: "a"), ChatMessage(role: .user, text: "b")]
        let error = #expect(throws: GatewayError.self) {
            try codec.encodeRequest(ChatRequest(model: nil, messages: messages))
        }
        #expect(error?.param == "messages")
    }

    @Test func `answers are one text with its tokens`() throws {
        let choice = ChatResponse.Choice(
            index: 0,
            message: ChatMessage(role: .assistant, text: "Hi"),
            finishReason: .stop
        )
        let usage = ChatUsage(Usage(inputTokens: 3, outputTokens: 1))
        let response = ChatResponse(id: "up", model: "up", choices: [choice], usage: usage)
        let body = SimpleChatCodec(for: callerContext()).encodeResponse(response)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"id":"chat-01900000-0000-7000-8000-000000000001","model":"asked","response":"Hi","#
                + #""finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
        )
        let back = try codec.decodeResponse(codec.encodeResponse(response))
        #expect(back == response)
        #expect(throws: ChatFailure.self) { try codec.decodeResponse(Array(#"{"error":{"message":"x"}}"#.utf8)) }
    }

    @Test func `streams are pieces of text, then the tokens, then the mark`() {
        let chunks = [
            ChatChunk(id: "a", model: "up", choices: [ChatChunk.Choice(role: .assistant, reasoning: "Hm")]),
            ChatChunk(choices: [ChatChunk.Choice(content: "H")]),
            ChatChunk(choices: [ChatChunk.Choice(content: "é\n")]),
            ChatChunk(choices: [ChatChunk.Choice(finishReason: .length)]),
            ChatChunk(usage: ChatUsage(Usage(inputTokens: 3, outputTokens: 1))),
        ]
        let stream = encoded(chunks, with: SimpleChatCodec(for: callerContext()).makeStreamEncoder(includeUsage: true))
        #expect(
            stream == #"data: {"text":"H"}"# + "\n\n" + #"data: {"text":"é\n"}"# + "\n\n"
                + #"data: {"done":true,"id":"chat-01900000-0000-7000-8000-000000000001","model":"asked","#
                + #""finish_reason":"length","usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
                + "\n\n"
                + "data: [DONE]\n\n"
        )
        let whole = decoded([Array(stream.utf8)], with: codec)
        #expect(whole.failure == nil && accumulated(whole.chunks).choices[0].message.text == "Hé\n")
        #expect(accumulated(whole.chunks).choices[0].finishReason == .length)
        for reads in cuts(of: Array(stream.utf8)) { #expect(decoded(reads, with: codec).chunks == whole.chunks) }
        #expect(decoded([Array(stream.utf8.prefix(40))], with: codec).failure == .cut)
    }

    @Test func `an error ends the stream`() {
        var encoder = codec.makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        encoder.fail(GatewayError(.streamInterrupted, "It broke."), into: &bytes)
        encoder.finish(into: &bytes)
        let end = decoded([bytes], with: codec)
        #expect(end.chunks.count == 1 && end.chunks[0].error?.message == "It broke." && end.failure != nil)
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Claude on Vertex AI") struct AnthropicVertexTests {
    private static func edited(_ body: String, dropping: [String] = []) throws -> String {
        try spliced(body) {
            try AnthropicMessagesFacts.read($0, scanner: $1)
        } _: {
            Dialect.anthropicVertex.edits(
                $0,
                scanner: $1,
                facts: $2,
                upstreamModel: "up",
                acceptsStreamUsage: false,
                dropParams: dropping
            )
        }
    }

    @Test func `takes a caller's bytes without the model and with the version`() throws {
        let body =
            #"{"model":"m", "max_tokens":1,"messages":[{"role":"user","content":"a"}],"x":[1, 2],"route":"cloud","y":0}"#
        #expect(
            try Self.edited(body, dropping: ["y"])
                == #"{"anthropic_version":"vertex-2023-10-16","max_tokens":1,"messages":[{"role":"user","content":"a"}],"x":[1, 2]}"#
        )
        #expect(
            try Self.edited(#"{"max_tokens":1,"messages":[{"role":"user","content":"a"}],"anthropic_version":"other"}"#)
                == #"{"anthropic_version":"vertex-2023-10-16","max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#
        )
    }

    @Test(arguments: [
        ("claude-sonnet-4-5@20250929", false, "/models/claude-sonnet-4-5@20250929:rawPredict"),
        ("claude-opus-5", true, "/models/claude-opus-5:streamRawPredict"),
        ("a;b/c", false, "/models/a%3Bb%2Fc:rawPredict"),
    ])
    func `has the model in its path`(_ model: String, _ stream: Bool, _ path: String) {
        #expect(Dialect.anthropicVertex.chatPath(model: model, stream: stream) == path)
    }

    @Test func `gets what Anthropic gets but for model, version and header`() throws {
        for fixture in Fixture.all("AnthropicMessages/requests") {
            let body = try JSONDocument(fixture.bytes).withView { $0.member("request")?.rawBytes ?? [] }
            guard let request = try? OpenAIChatCodec().decodeRequest(body),
                let plain = try? AnthropicMessagesCodec(version: .june2023).encodeRequest(request)
            else { continue }
            let encoded = try AnthropicVertexCodec().encodeRequest(request)
            var sent = try leaves(encoded.body)
            var expected = try leaves(plain.body)
            #expect(sent.removeValue(forKey: ".anthropic_version") == "\"vertex-2023-10-16")
            expected[".model"] = nil
            #expect(sent == expected, "\(fixture.name)")
            #expect(encoded.dropped == plain.dropped && encoded.renamedTools == plain.renamedTools)
            #expect(encoded.headers.isEmpty)
        }
    }

    @Test func `reads its own request back`() throws {
        let codec = AnthropicVertexCodec()
        let body = Array(
            #"{"anthropic_version":"vertex-2023-10-16","max_tokens":9,"messages":[{"role":"user","content":"a"}],"z":1}"#
                .utf8
        )
        let request = try codec.decodeRequest(body)
        #expect(request.dialect == .anthropicMessages && request.model == nil)
        #expect(try canonical(codec.encodeRequest(request).body).contains("\"z\": 1.0"))
        #expect(try codec.decodeRequest(codec.encodeRequest(request).body) == request)
    }

    @Test func `passes Anthropic's errors and translates Google's`() {
        let codec = AnthropicVertexCodec()
        let own = Array(#"{"type":"error","error":{"type":"overloaded_error","message":"a"}}"#.utf8)
        let google = Array(#"[{"error":{"code":429,"message":"b","status":"RESOURCE_EXHAUSTED"}}]"#.utf8)
        #expect(codec.passesFailure(own) && !codec.passesFailure(google) && !codec.passesFailure([]))
        #expect(codec.decodeFailure(own).type == "overloaded_error")
        #expect(codec.decodeFailure(google) == UpstreamFailure(message: "b", type: "RESOURCE_EXHAUSTED"))
    }

    @Test func `does not get what Gemini signed`() throws {
        let parts: [ChatPart] = [
            .reasoning(ChatReasoning("a", signature: "gemini:x:CiQB")), .text(ChatText("b")),
        ]
        let messages = [ChatMessage(role: .user, text: "?"), ChatMessage(role: .assistant, parts: parts)]
        var request = ChatRequest(model: "claude-opus-5", messages: messages + [ChatMessage(role: .user, text: "c")])
        request.dialect = .anthropicMessages
        request.limits.maxTokens = 9
        let encoded = try AnthropicVertexCodec().encodeRequest(request)
        #expect(!String(decoding: encoded.body, as: UTF8.self).contains("gemini:"))
        #expect(encoded.dropped == ["messages[1].content[0]"])
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Signatures of Gemini") struct GeminiSignatureTests {
    private static let placeholder = "skip_thought_signature_validator"

    /// An answer of parts.
    private static func answer(_ parts: String) -> [UInt8] {
        Array(
            #"{"candidates":[{"content":{"parts":[\#(parts)],"role":"model"},"finishReason":"STOP","index":0}]}"#.utf8
        )
    }

    private static let call =
        #"{"functionCall":{"id":"c","name":"f","args":{}},"thoughtSignature":"CiQB"}"#
    private static let signedText = #"{"text":"b","thoughtSignature":"CiQB"}"#
    private static let bareCall = #"{"functionCall":{"id":"c","name":"f","args":{}}}"#

    /// What a client of chat completions gets of an answer and brings back, with `kept` of the message's members.
    private static func broughtBack(
        _ answer: [UInt8],
        streamed: Bool = false,
        memory: GeminiSignatures? = nil,
        keeping kept: Set<String>
    ) throws -> ChatRequest {
        let codec = GeminiCodec(origin: "here", memory: memory)
        var response: ChatResponse
        if streamed {
            var chunks: [ChatChunk] = []
            var decoder = codec.makeStreamDecoder()
            try decoder.decode((Array("data: ".utf8) + answer + Array("\n\n".utf8)).span, into: &chunks)
            try decoder.finish(into: &chunks)
            var accumulator = ChatAccumulator()
            for chunk in chunks { accumulator.add(chunk) }
            response = accumulator.response
            // What stands beside a piece of a call stands beside the call.
            let extra = chunks.flatMap(\.choices).flatMap(\.toolCalls).flatMap(\.extra)
            for (place, part) in response.choices[0].message.parts.enumerated() {
                guard case .toolCall(var call) = part else { continue }
                call.extra = extra
                response.choices[0].message.parts[place] = .toolCall(call)
            }
        } else {
            response = try codec.decodeResponse(answer)
        }
        response.model = "m"
        let told = OpenAIChatCodec().encodeResponse(response)
        let message = try JSONDocument(told).withView { view in
            let message = view.member("choices")?.elements.first { _ in true }?.member("message")
            var writer = JSONWriter()
            writer.object { writer in
                for member in message?.members.map({ $0 }) ?? [] where kept.contains(member.key.string() ?? "") {
                    writer.key(member.key)
                    writer.raw(member.value)
                }
            }
            return String(decoding: writer.bytes, as: UTF8.self)
        }
        let body =
            #"{"model":"gemini-3.5-flash","messages":[{"role":"user","content":"?"},\#(message),"#
            + #"{"role":"tool","tool_call_id":"c","content":"1"}]}"#
        return try OpenAIChatCodec().decodeRequest(Array(body.utf8))
    }

    @Test("beside calls go back to the account that made them, and to no other", arguments: [false, true])
    func beside(streamed: Bool) throws {
        let request = try Self.broughtBack(
            Self.answer(Self.call),
            streamed: streamed,
            keeping: ["role", "content", "tool_calls"]
        )
        let here = try GeminiCodec(origin: "here").encodeRequest(request)
        #expect(try leaves(here.body)[".contents[1].parts[0].thoughtSignature"] == "\"CiQB")
        #expect(here.dropped.isEmpty)
        let there = try GeminiCodec(origin: "there").encodeRequest(request)
        #expect(try leaves(there.body)[".contents[1].parts[0].thoughtSignature"] == "\"" + Self.placeholder)
        #expect(there.dropped == ["messages[1].tool_calls[0].extra_content"])
        #expect(!String(decoding: there.body, as: UTF8.self).contains("CiQB"))
    }

    @Test("on a text stay with the text where a call without one follows", arguments: [false, true])
    func onText(streamed: Bool) throws {
        let memory = GeminiSignatures(SignatureTable())
        let request = try Self.broughtBack(
            Self.answer(Self.signedText + "," + Self.bareCall),
            streamed: streamed,
            memory: memory,
            keeping: ["role", "content", "tool_calls", "thinking_blocks"]
        )
        let sent = try leaves(GeminiCodec(origin: "here", memory: memory).encodeRequest(request).body)
        #expect(sent[".contents[1].parts[0].text"] == "\"b")
        #expect(sent[".contents[1].parts[1].thoughtSignature"] == "\"CiQB")
        #expect(sent[".contents[1].parts[2].functionCall.name"] == "\"f")
        #expect(sent[".contents[1].parts[2].thoughtSignature"] == "\"" + Self.placeholder)
    }

    @Test("on a text are not remembered for a call")
    func notRemembered() throws {
        let table = SignatureTable()
        let codec = GeminiCodec(origin: "here", memory: GeminiSignatures(table))
        _ = try codec.decodeResponse(Self.answer(Self.signedText + "," + Self.bareCall))
        #expect(table.signature(ofCall: "c", account: "here") == nil)
        _ = try codec.decodeResponse(Self.answer(Self.call))
        #expect(table.signature(ofCall: "c", account: "here") == "CiQB")
    }

    @Test("are written as they were for a caller of Gemini's own format", arguments: [false, true])
    func unmarked(streamed: Bool) throws {
        let answer = Self.answer(#"{"text":"b","thoughtSignature":"AAAA"},"# + Self.call)
        let codec = GeminiCodec(origin: "here")
        var bytes: [UInt8] = []
        if streamed {
            var chunks: [ChatChunk] = []
            var decoder = codec.makeStreamDecoder()
            try decoder.decode((Array("data: ".utf8) + answer + Array("\n\n".utf8)).span, into: &chunks)
            try decoder.finish(into: &chunks)
            var encoder = codec.makeStreamEncoder(includeUsage: true)
            for chunk in chunks { encoder.encode(chunk, into: &bytes) }
            encoder.finish(into: &bytes)
        } else {
            bytes = codec.encodeResponse(try codec.decodeResponse(answer))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#""thoughtSignature":"AAAA""#) && text.contains(#""thoughtSignature":"CiQB""#))
        #expect(!text.contains("gemini:") && !text.contains("gemini.text:"))
    }
}

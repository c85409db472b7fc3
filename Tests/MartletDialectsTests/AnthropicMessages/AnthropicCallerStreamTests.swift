import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Streams for Anthropic's callers") struct AnthropicCallerStreamTests {
    let caller = CallerContext(
        id: RecordID(high: 0x0192_0000_0000_7000, low: 0x8000_0000_0000_0001),
        created: 1,
        model: "asked-for",
        estimatedInputTokens: 77
    )

    /// The events of a stream, and whether they are in the order that the API keeps.
    private func check(_ output: [UInt8], isWhole: Bool) throws -> [String] {
        var types: [String] = []
        var open: Int64?
        var next: Int64 = 0
        for event in String(decoding: output, as: UTF8.self).components("\n\n") {
            let lines = event.components("\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
            try JSONDocument(Array(lines[1].dropFirst(6).utf8)).withView { view in
                let type = view.member("type")?.string() ?? ""
                #expect(lines[0] == "event: " + type)
                let index = view.member("index")?.int64()
                switch type {
                case "content_block_start":
                    #expect(open == nil && index == next)
                    (open, next) = (next, next + 1)
                case "content_block_delta": #expect(open != nil && index == open)
                case "content_block_stop":
                    #expect(open != nil && index == open)
                    open = nil
                default: break
                }
                types.append(type)
            }
        }
        #expect(types.first == "message_start" || types.first == "error")
        #expect(types.count { $0 == "message_start" } <= 1)
        if isWhole { #expect(open == nil && types.suffix(2) == ["message_delta", "message_stop"]) }
        #expect(types.contains("error") == !isWhole)
        return types
    }

    private func encode(_ chunks: [ChatChunk]) -> [UInt8] {
        var encoder = AnthropicMessagesCodec(context: caller).makeStreamEncoder(includeUsage: true)
        var output: [UInt8] = []
        for chunk in chunks { encoder.encode(chunk, into: &output) }
        encoder.finish(into: &output)
        return output
    }

    private func chunk(_ choice: ChatChunk.Choice, usage: Usage? = nil) -> ChatChunk {
        ChatChunk(id: "chatcmpl-1", model: "gpt", choices: [choice], usage: usage.map { ChatUsage($0) })
    }

    private func call(_ index: Int, _ id: String?, _ name: String?, _ arguments: String) -> ChatChunk {
        var choice = ChatChunk.Choice()
        choice.toolCalls = [ChatChunk.ToolCallDelta(index: index, id: id, name: name, arguments: arguments)]
        return chunk(choice)
    }

    @Test(arguments: Fixture.all("streams"))
    func `of an OpenAI upstream keep the order of events and all that was said`(_ stream: Fixture) throws {
        var decoder = OpenAIChatCodec().makeStreamDecoder()
        var chunks: [ChatChunk] = []
        do throws(ChatFailure) {
            try decoder.decode(stream.bytes.span, into: &chunks)
            try decoder.finish()
        } catch {
            // What was said before the stream broke must still be in order.
        }
        let failed = chunks.contains { $0.error != nil }
        let output = encode(chunks)
        _ = try check(output, isWhole: !failed)
        guard !failed else { return }
        let read = AnthropicDecoded([output])
        #expect(read.failure == nil)
        var accumulator = ChatAccumulator()
        for chunk in chunks { accumulator.add(chunk) }
        guard let said = accumulator.response.choices.first(where: { $0.index == 0 })?.message else { return }
        let heard = try #require(read.response.choices.first).message
        #expect(heard.reasoning == said.reasoning)
        #expect(heard.text == (said.text.isEmpty ? said.refusal ?? "" : said.text))
        #expect(heard.toolCalls.map(\.name) == said.toolCalls.map(\.name))
        if let usage = accumulator.response.usage?.counts { #expect(read.response.usage?.counts == usage) }
    }

    @Test func `begin with an id of their own and an estimate, and end with what was told`() throws {
        var last = ChatChunk.Choice(finishReason: .stop)
        last.content = "!"
        let usage = Usage(inputTokens: 2_160, outputTokens: 41, cacheReadTokens: 2_048, reasoningTokens: 18)
        let output = encode([chunk(ChatChunk.Choice(content: "hi")), chunk(last), ChatChunk(usage: ChatUsage(usage))])
        let expected = """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_01920000000070008000000000000001","type":"message",\
            "role":"assistant","model":"gpt","content":[],"stop_reason":null,"stop_sequence":null,\
            "usage":{"input_tokens":77,"output_tokens":0}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"!"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":\
            {"input_tokens":112,"cache_read_input_tokens":2048,"output_tokens":41,\
            "output_tokens_details":{"thinking_tokens":18}}}

            event: message_stop
            data: {"type":"message_stop"}


            """
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test func `keep calls apart whose pieces come mixed, and give them ids that can be sent back`() throws {
        let output = encode([
            call(0, "functions.w:0", "w", #"{"a":"#), call(1, "", "t", ""), call(1, nil, nil, #"{"b""#),
            call(0, nil, nil, "1}"), call(1, nil, nil, ":2}"), chunk(ChatChunk.Choice(finishReason: .stop)),
        ])
        _ = try check(output, isWhole: true)
        let read = AnthropicDecoded([output]).response.choices[0]
        #expect(read.message.toolCalls.map(\.id) == ["functions_w_0", "toolu_01920000000070008000000000000001_1"])
        #expect(read.message.toolCalls.map(\.arguments) == [#"{"a":1}"#, #"{"b":2}"#])
        // Some servers say `stop` although tools are called.
        #expect(read.finishReason == .toolCalls)
    }

    @Test func `open a thinking block for reasoning alone, and no empty block of text`() throws {
        var first = ChatChunk.Choice(role: .assistant)
        first.content = ""
        let output = encode([
            chunk(first), chunk(ChatChunk.Choice(reasoning: "hm")), chunk(ChatChunk.Choice(finishReason: .length)),
        ])
        #expect(try check(output, isWhole: true).count == 6)
        let parts = AnthropicDecoded([output]).response.choices[0].message.parts
        #expect(parts == [.reasoning(ChatReasoning("hm"))])
    }

    @Test func `tell usage once, the last that was told, wherever it stood`() throws {
        let output = encode([
            chunk(ChatChunk.Choice(content: "a"), usage: Usage(inputTokens: 5, outputTokens: 1)),
            chunk(ChatChunk.Choice(content: "b"), usage: Usage(inputTokens: 5, outputTokens: 2)),
            chunk(ChatChunk.Choice(finishReason: .stop), usage: Usage(inputTokens: 5, outputTokens: 3)),
        ])
        #expect(AnthropicDecoded([output]).response.usage?.counts == Usage(inputTokens: 5, outputTokens: 3))
        #expect(String(decoding: output, as: UTF8.self).split(separator: #""output_tokens":3"#).count == 2)
    }

    @Test func `show a refusal in words too, since an empty turn cannot be sent back`() throws {
        var choice = ChatChunk.Choice(finishReason: .contentFilter)
        choice.refusal = "No."
        let read = AnthropicDecoded([encode([chunk(choice)])]).response.choices[0]
        #expect(read.message.text == "No." && read.message.refusal == "No." && read.finishReason == .contentFilter)
    }

    @Test func `estimate the usage that nobody told`() throws {
        let output = encode([chunk(ChatChunk.Choice(content: "12345678", finishReason: .length))])
        let counts = try #require(AnthropicDecoded([output]).response.usage).counts
        #expect(counts.inputTokens == 77 && counts.outputTokens == 2)
    }

    @Test func `end with an error event and nothing behind it`() throws {
        var encoder = AnthropicMessagesCodec(context: caller).makeStreamEncoder(includeUsage: true)
        var output: [UInt8] = []
        encoder.encode(chunk(ChatChunk.Choice(content: "hi")), into: &output)
        encoder.fail(ChatFailure.cut.interruption, into: &output)
        encoder.finish(into: &output)
        #expect(try check(output, isWhole: false).last == "error")
        #expect(AnthropicDecoded([output]).failureText?.hasPrefix("api_error: ") == true)
    }

    @Test func `are like whole answers`() throws {
        var message = ChatMessage(role: .assistant, parts: [.text(ChatText("hi"))])
        message.parts.append(.toolCall(ChatToolCall(id: "a:b", name: "w", arguments: "")))
        message.parts.insert(.reasoning(ChatReasoning("hm")), at: 0)
        let choice = ChatResponse.Choice(index: 0, message: message, finishReason: .stop)
        var response = ChatResponse(id: "chatcmpl-1", choices: [choice])
        response.extra = [ExtraMember(name: "system_fingerprint", value: JSONText(#""fp""#))]
        var usage = ChatUsage(Usage(inputTokens: 5, outputTokens: 1))
        usage.extra = [ExtraMember(name: "queue_time", value: JSONText("1"))]
        response.usage = usage
        let body = AnthropicMessagesCodec(context: caller).encodeResponse(response)
        let expected = """
            {"id":"msg_01920000000070008000000000000001","type":"message","role":"assistant","model":"asked-for",\
            "content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"hi"},\
            {"type":"tool_use","id":"a_b","name":"w","input":{}}],"stop_reason":"tool_use","stop_sequence":null,\
            "usage":{"input_tokens":5,"output_tokens":1}}
            """
        #expect(String(decoding: body, as: UTF8.self) == expected)
    }

    @Test func `say that a prompt is too long in the words that clients know`() throws {
        let failure = UpstreamFailure(message: "too many tokens", type: nil, code: "context_length_exceeded")
        let body = try leaves(AnthropicMessagesCodec().encodeFailure(failure, status: 400))
        #expect(body[".error.message"] == "\"prompt is too long: too many tokens")
        #expect(body[".error.type"] == "\"invalid_request_error")
    }
}

extension String {
    /// The pieces between separators, without an empty one at the end.
    fileprivate func components(_ separator: String) -> [String] {
        var pieces = split(separator: separator, omittingEmptySubsequences: false).map(String.init)
        if pieces.last == "" { pieces.removeLast() }
        return pieces
    }
}

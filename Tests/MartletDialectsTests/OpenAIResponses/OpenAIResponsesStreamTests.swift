import MartletCore
import MartletDialects
import MartletWire
import Testing

/// What a decoder makes of a stream, the end included.
struct ResponsesDecoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [[UInt8]], origin: String? = nil) {
        var decoder = OpenAIResponsesStreamDecoder(origin: origin)
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(read.span, into: &chunks) }
            try decoder.finish()
        } catch {
            failure = error
        }
    }

    var response: ChatResponse {
        var accumulator = ChatAccumulator()
        for chunk in chunks { accumulator.add(chunk) }
        return accumulator.response
    }
}

/// Events of a stream, taken apart.
struct ResponsesEvents {
    var events: [(type: String, data: [UInt8])] = []

    init(_ bytes: [UInt8]) throws {
        var parser = SSEParser()
        for message in try parser.feed(bytes) {
            let type = try JSON.withView(of: message.data) { $0.member("type")?.string() ?? "" }
            #expect(message.name.map { String(decoding: $0, as: UTF8.self) } == type)
            events.append((type, message.data))
        }
        #expect(parser.pendingBytes == 0)
    }

    var types: [String] { events.map(\.type) }

    /// Checks what holds for every stream: numbers rise by one, items are announced before and done after their parts,
    /// and one event ends it that repeats every item.
    func check() throws {
        var open: [Int64: String] = [:]
        var done: [Int64: String] = [:]
        for (number, event) in events.enumerated() {
            try JSON.withView(of: event.data) { view in
                #expect(view.member("sequence_number")?.int64() == Int64(number))
                let index = view.member("output_index")?.int64()
                let item = view.member("item")
                switch event.type {
                case "response.output_item.added":
                    #expect(open[index ?? -1] == nil && done[index ?? -1] == nil)
                    open[index ?? -1] = item?.member("id")?.string()
                case "response.output_item.done":
                    #expect(open.removeValue(forKey: index ?? -1) == item?.member("id")?.string())
                    done[index ?? -1] = item.map { canonical($0) }
                case "response.completed", "response.incomplete", "response.failed":
                    #expect(number == events.count - 1)
                    if event.type != "response.failed" {
                        let output = view.member("response")?.member("output")?.elements.map { canonical($0) }
                        #expect(output == done.keys.sorted().compactMap { done[$0] } && open.isEmpty)
                    }
                case "response.created", "response.in_progress": #expect(number < 2)
                default: #expect(view.member("item_id")?.string() == open[index ?? -1], "\(event.type)")
                }
            }
        }
        #expect(types.prefix(2) == ["response.created", "response.in_progress"])
        #expect(["response.completed", "response.incomplete", "response.failed"].contains(types.last ?? ""))
    }

    func texts(_ type: String, _ member: String) throws -> [String] {
        try events.filter { $0.type == type }.map { event in
            try JSON.withView(of: event.data) { $0.member(Array(member.utf8))?.string() ?? "" }
        }
    }

    var final: [UInt8] {
        get throws {
            try JSON.withView(of: events.last?.data ?? []) { $0.member("response")?.rawBytes ?? [] }
        }
    }
}

func responsesContext(_ request: String? = nil) throws -> CallerContext {
    CallerContext(
        id: RecordID(unixMilliseconds: 1_790_000_000_000, random: (1, 2)),
        created: 1_790_000_000,
        model: "m",
        request: try request.map { try OpenAIResponsesCodec().decodeRequest(Array($0.utf8)) }
    )
}

/// Encodes chunks and checks the stream.
func responsesStream(_ chunks: [ChatChunk], _ context: CallerContext? = nil) throws -> (ResponsesEvents, [UInt8]) {
    var encoder = OpenAIResponsesStreamEncoder(context: context)
    var bytes: [UInt8] = []
    for chunk in chunks { encoder.encode(chunk, into: &bytes) }
    encoder.finish(into: &bytes)
    let events = try ResponsesEvents(bytes)
    try events.check()
    #expect(try encoder.finalResponse.map { try canonical($0) } == canonical(events.final))
    return (events, bytes)
}

func textChunk(_ text: String) -> ChatChunk { ChatChunk(choices: [ChatChunk.Choice(content: text)]) }

func callChunk(_ index: Int, _ id: String?, _ name: String?, _ arguments: String?) -> ChatChunk {
    var choice = ChatChunk.Choice()
    choice.toolCalls = [ChatChunk.ToolCallDelta(index: index, id: id, name: name, arguments: arguments)]
    return ChatChunk(choices: [choice])
}

func endChunk(_ reason: FinishReason) -> ChatChunk {
    ChatChunk(
        choices: [ChatChunk.Choice(finishReason: reason)],
        usage: ChatUsage(Usage(inputTokens: 9, outputTokens: 4, cacheReadTokens: 2, reasoningTokens: 1))
    )
}

@Suite("OpenAI responses streams") struct OpenAIResponsesStreamTests {
    @Test func `of text have every event in the documented order`() throws {
        let chunks =
            [ChatChunk(model: "up", choices: [ChatChunk.Choice(role: .assistant)])]
            + ["Hel", "lo \"", "wörld\n", "!"].map(textChunk) + [endChunk(.stop)]
        let (events, bytes) = try responsesStream(chunks, responsesContext())
        #expect(
            events.types == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                "response.output_text.delta", "response.output_text.delta", "response.output_text.done",
                "response.content_part.done", "response.output_item.done", "response.completed",
            ]
        )
        #expect(try events.texts("response.output_text.delta", "delta") == ["Hel", "lo \"", "wörld\n", "!"])
        #expect(try events.texts("response.output_text.done", "text") == ["Hello \"wörld\n!"])
        let final = try leaves(events.final)
        #expect(
            final[".model"] == "\"up" && final[".status"] == "\"completed" && final[".created_at"] == "1790000000.0"
        )
        #expect(final[".output[0].content[0].text"] == "\"Hello \"wörld\n!")
        #expect(final[".usage.input_tokens"] == "9.0" && final[".usage.total_tokens"] == "13.0")
        #expect(final[".usage.input_tokens_details.cached_tokens"] == "2.0")
        #expect(final[".usage.output_tokens_details.reasoning_tokens"] == "1.0")
        let decoded = ResponsesDecoded([bytes])
        #expect(decoded.failure == nil && decoded.response.choices[0].message.text == "Hello \"wörld\n!")
        #expect(decoded.response.choices[0].finishReason == .stop && decoded.response.usage?.counts.inputTokens == 9)
    }

    @Test func `of calls side by side keep each at its own place`() throws {
        let chunks = [
            textChunk("Looking."), callChunk(0, "call_1", "weather", ""), callChunk(1, "call_2", "time", "{\"z\":"),
            callChunk(0, nil, nil, "{\"city\":\"Oslo\"}"), callChunk(1, nil, nil, "1}"),
            callChunk(2, "call_3", "now", nil),
            endChunk(.toolCalls),
        ]
        let (events, bytes) = try responsesStream(chunks, responsesContext())
        #expect(
            try events.texts("response.function_call_arguments.done", "arguments") == [
                "{\"city\":\"Oslo\"}", "{\"z\":1}", "{}",
            ]
        )
        let response = ResponsesDecoded([bytes]).response.choices[0]
        #expect(response.finishReason == .toolCalls && response.message.text == "Looking.")
        #expect(response.message.toolCalls.map(\.id) == ["call_1", "call_2", "call_3"])
        #expect(response.message.toolCalls.map(\.name) == ["weather", "time", "now"])
    }

    @Test func `of reasoning give it back to its maker unchanged`() throws {
        var first = ChatChunk.Choice(reasoning: "Let me ")
        first.opensPart = true
        var second = ChatChunk.Choice()
        (second.signature, second.origin) = ("sig==", "acct")
        var redacted = ChatChunk.Choice()
        redacted.parts = [.reasoning(ChatReasoning("", redacted: "data", origin: "acct"))]
        let chunks = [
            ChatChunk(choices: [first]), ChatChunk(choices: [ChatChunk.Choice(reasoning: "think.")]),
            ChatChunk(choices: [second]), ChatChunk(choices: [redacted]), textChunk("Done."), endChunk(.stop),
        ]
        let (events, bytes) = try responsesStream(chunks, responsesContext())
        #expect(events.types.contains("response.reasoning_summary_part.done"))
        let parts = ResponsesDecoded([bytes], origin: "other").response.choices[0].message.parts
        #expect(
            parts == [
                .reasoning(ChatReasoning("Let me think.", signature: "sig==", origin: "acct")),
                .reasoning(ChatReasoning("", redacted: "data", origin: "acct")), .text(ChatText("Done.")),
            ]
        )
        // And as items of the next request.
        let output = try JSON.withView(of: events.final) { $0.member("output")?.rawBytes ?? [] }
        let request = try OpenAIResponsesCodec().decodeRequest(Array(#"{"input":"#.utf8) + output + Array("}".utf8))
        var again = request.messages[0].parts
        for index in again.indices {
            if case .reasoning(var reasoning) = again[index] {
                reasoning.extra = []
                again[index] = .reasoning(reasoning)
            }
        }
        #expect(again.prefix(2) == parts.prefix(2))
    }

    @Test(arguments: [
        (FinishReason.length, "response.incomplete", "max_output_tokens"),
        (.contentFilter, "response.incomplete", "content_filter"), (.stop, "response.completed", ""),
        (.toolCalls, "response.completed", ""), (.other("abort"), "response.completed", ""),
    ])
    func `end as the model did`(_ reason: FinishReason, _ type: String, _ detail: String) throws {
        let (events, _) = try responsesStream([textChunk("x"), endChunk(reason)])
        #expect(events.types.last == type)
        let final = try leaves(events.final)
        #expect(final[".incomplete_details.reason"] == (detail.isEmpty ? nil : "\"" + detail))
        #expect(final[".output[0].status"] == (detail.isEmpty ? "\"completed" : "\"incomplete"))
    }

    @Test(arguments: [
        (GatewayError(.streamInterrupted, "Gone."), "server_error"),
        (GatewayError(.providerRateLimited, "try again in 1.5s"), "rate_limit_exceeded"),
        (GatewayError(.contextLengthExceeded, "Too long."), "context_length_exceeded"),
    ])
    func `that fail say why, with what was there`(_ error: GatewayError, _ code: String) throws {
        var encoder = OpenAIResponsesStreamEncoder(context: nil)
        var bytes: [UInt8] = []
        encoder.encode(textChunk("Half"), into: &bytes)
        encoder.fail(error, into: &bytes)
        encoder.finish(into: &bytes)
        let events = try ResponsesEvents(bytes)
        try events.check()
        let final = try leaves(events.final)
        #expect(final[".error.code"] == "\"" + code && final[".error.message"] == "\"" + error.message)
        #expect(final[".status"] == "\"failed" && final[".output[0].content[0].text"] == "\"Half")
        #expect(final[".output[0].status"] == "\"incomplete")
        #expect(
            ResponsesDecoded([bytes]).failure == .upstream(UpstreamFailure(message: error.message, code: code))
        )
    }

    @Test func `pass refusals on`() throws {
        var choice = ChatChunk.Choice()
        choice.refusal = "I cannot."
        let (events, bytes) = try responsesStream([textChunk("Hm."), ChatChunk(choices: [choice]), endChunk(.stop)])
        #expect(try events.texts("response.refusal.done", "refusal") == ["I cannot."])
        let message = ResponsesDecoded([bytes]).response.choices[0].message
        #expect(message.refusal == "I cannot." && message.text == "Hm.")
    }

    @Test func `name tools as the caller knows them`() throws {
        let context = try responsesContext(
            #"""
            {"input":"x","tools":[{"type":"namespace","name":"mcp__files","description":"d","tools":[
              {"type":"function","name":"read","parameters":{}},{"type":"custom","name":"free"}]},
             {"type":"custom","name":"apply_patch","format":{"type":"text"}}]}
            """#
        )
        let chunks = [
            callChunk(0, "c1", "mcp__files__read", "{}"), callChunk(1, "c2", "apply_patch", "{\"inp"),
            callChunk(1, nil, nil, "ut\":\"*** Begin\\n\"}"), callChunk(2, "c3", "mcp__files__free", "not json"),
            endChunk(.toolCalls),
        ]
        let (events, _) = try responsesStream(chunks, context)
        let final = try leaves(events.final)
        #expect(final[".output[0].name"] == "\"read" && final[".output[0].namespace"] == "\"mcp__files")
        #expect(final[".output[1].type"] == "\"custom_tool_call" && final[".output[1].input"] == "\"*** Begin\n")
        #expect(final[".output[1].name"] == "\"apply_patch" && final[".output[2].input"] == "\"not json")
        #expect(final[".output[2].namespace"] == "\"mcp__files")
        #expect(try events.texts("response.custom_tool_call_input.delta", "delta") == ["*** Begin\n", "not json"])
    }

    @Test func `take texts and arguments from the events that end them where pieces were left out`() throws {
        let stream = """
            event: response.created
            data: {"type":"response.created","response":{"id":"r","created_at":5.5,"model":"m","output":[]}}

            data: {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"a","content":[]}}

            data: {"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Hi"}

            data: {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}

            data: {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\\"a\\""}

            data: {"type":"response.function_call_arguments.done","output_index":1,"arguments":"{\\"a\\":1}"}

            data: {"type":"response.some_new_event","output_index":1}

            data: {"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"d","name":"g","arguments":"{}"}}

            data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}


            """
        let decoded = ResponsesDecoded([Array(stream.utf8)])
        #expect(decoded.failure == nil)
        let message = decoded.response.choices[0].message
        #expect(message.text == "Hi" && message.toolCalls.map(\.arguments) == ["{\"a\":1}", "{}"])
        #expect(decoded.response.id == "r" && decoded.response.created == 5 && decoded.response.model == "m")
        #expect(decoded.response.choices[0].finishReason == .toolCalls)
    }

    @Test func `that hold everything in their last event are read from it`() {
        let stream =
            #"data: {"type":"response.completed","response":{"status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"All"}]}],"usage":{"input_tokens":1,"output_tokens":2}}}"#
        let decoded = ResponsesDecoded([Array((stream + "\n\n").utf8)])
        #expect(decoded.failure == nil && decoded.response.choices[0].message.text == "All")
        #expect(decoded.response.usage?.counts.outputTokens == 2)
    }

    @Test func `without their last event are cut`() throws {
        let (_, bytes) = try responsesStream([textChunk("x"), endChunk(.stop)])
        let end = try #require(
            bytes.indices.last { bytes[$0...].starts(with: Array("event: response.completed".utf8)) }
        )
        #expect(ResponsesDecoded([Array(bytes[..<end])]).failure == .cut)
        #expect(ResponsesDecoded([Array(bytes.dropLast(2))]).failure == nil)
        #expect(ResponsesDecoded([]).failure == .cut)
    }

    @Test func `decode alike however they are cut`() throws {
        let chunks = [
            ChatChunk(choices: [ChatChunk.Choice(reasoning: "Think ü")]), textChunk("Hello 🌍"), textChunk("\\ \u{1}"),
            callChunk(0, "c", "f", "{}"), endChunk(.toolCalls),
        ]
        let (_, bytes) = try responsesStream(chunks, responsesContext())
        let whole = ResponsesDecoded([bytes])
        for reads in cuts(of: bytes) { #expect(ResponsesDecoded(reads) == whole) }
        let carriage = Array(String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\r\n").utf8)
        #expect(ResponsesDecoded([carriage]) == whole)
    }

    @Test func `keep the response for a store`() throws {
        let (events, bytes) = try responsesStream([textChunk("x"), endChunk(.stop)], responsesContext())
        var decoder = OpenAIResponsesStreamDecoder(keepsResponse: true)
        var chunks: [ChatChunk] = []
        try decoder.decode(bytes.span, into: &chunks)
        #expect(try decoder.finalResponse == events.final)
    }
}

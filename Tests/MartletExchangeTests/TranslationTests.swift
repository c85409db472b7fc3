import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Translation") struct TranslationTests {
    private static let claude = Target.sample("claude", model: "claude-sonnet-4-5", dialect: .anthropicMessages)
    private static let ollama = Target.sample("ollama", model: "tiny", dialect: .ollamaChat, isLocal: true)

    private static func event(_ name: String, _ members: String) -> String {
        "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }

    private static let start =
        event(
            "message_start",
            #""message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"#
                + #""usage":{"input_tokens":9,"output_tokens":1}}"#
        ) + event("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#)
    private static func text(_ text: String) -> String {
        event("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"\#(text)"}"#)
    }
    private static let end =
        event("content_block_stop", #""index":0"#)
        + event("message_delta", #""delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}"#)
        + event("message_stop", "")

    private func body(_ driver: Driver) -> String {
        (driver.legs[driver.leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
    }

    @Test("a request reaches a target of another dialect in its words; what it cannot carry is named")
    func request() {
        let driver = Driver(Setup(targets: [Self.claude])).send(
            Chat.body(extra: ",\"logit_bias\":{\"1\":2},\"seed\":3")
        )
        driver.connect()
        let request = driver.legs[driver.leg]?.request
        #expect(request?.path == "/messages")
        #expect(body(driver).contains("\"max_tokens\":"))
        #expect(body(driver).contains("\"model\":\"claude-sonnet-4-5\""))
        #expect(!body(driver).contains("logit_bias"))
        #expect(request?.body.length == body(driver).utf8.count)
        driver.head(200, .json).bytes(
            #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","#
                + #""content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn","#
                + #""usage":{"input_tokens":7,"output_tokens":2,"cache_read_input_tokens":3}}"#
        ).end()
        #expect(driver.response?.status == 200)
        #expect(driver.field("x-gateway-dropped") == "seed, logit_bias")
        #expect(driver.bodyText.contains("\"content\":\"Hi.\""))
        #expect(driver.bodyText.contains("\"object\":\"chat.completion\""))
        #expect(driver.response?.contentLength == driver.bodyText.utf8.count)
        #expect(driver.outcome?.usage == Usage(inputTokens: 10, outputTokens: 2, cacheReadTokens: 3))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an answer that names no model has the one that was asked for", arguments: [false, true])
    func unnamedModel(stream: Bool) {
        let gemini = Target.sample("gemini", model: "gemini-up", dialect: .gemini)
        let driver = Driver(Setup(targets: [gemini])).send(Chat.body(stream: stream)).connect()
        let answer =
            #"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi."}]},"finishReason":"STOP"}],"#
            + #""usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2,"totalTokenCount":9}}"#
        driver.head(200, stream ? .eventStream : .json)
            .bytes(stream ? "data: \(answer)\n\n" : answer).end()
        #expect(driver.bodyText.contains(#""model":"gpt-test""#) && !driver.bodyText.contains(#""model":"""#))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("no part of the usage that the caller sees is larger than the whole", arguments: [false, true])
    func partsFit(stream: Bool) {
        let driver = Driver(Setup(targets: [Self.claude]))
        driver.send(Chat.body(stream: stream, extra: stream ? ",\"stream_options\":{\"include_usage\":true}" : ""))
        driver.connect()
        let usage =
            #""usage":{"input_tokens":7,"output_tokens":2,"output_tokens_details":{"thinking_tokens":50}}"#
        if stream {
            let end = Self.event("message_delta", #""delta":{"stop_reason":"end_turn"},\#(usage)"#)
            driver.head(200, .eventStream).bytes(Self.start + Self.text("Hi") + end)
            driver.bytes(Self.event("message_stop", #""x":1"#))
        } else {
            driver.head(200, .json).bytes(
                #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","#
                    + #""content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn",\#(usage)}"#
            ).end()
        }
        #expect(driver.bodyText.contains(#""completion_tokens":2"#), "\(driver.bodyText)")
        #expect(driver.bodyText.contains(#""reasoning_tokens":2}"#), "\(driver.bodyText)")
        #expect(driver.outcome?.usage?.reasoningTokens == 2)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a whole answer that does not say why it ended is not taken for complete, and what it used is charged")
    func endsForNoReason() {
        let driver = Driver(Setup(targets: [Self.claude, .sample("two")])).send(Chat.body()).connect()
        driver.head(200, .json).bytes(
            #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","#
                + #""content":[{"type":"text","text":"Hi"}],"stop_reason":null,"#
                + #""usage":{"input_tokens":7,"output_tokens":2}}"#
        ).end()
        driver.connect()
        #expect(driver.accounts.last == "two", "\(driver.report)")
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200 && driver.problems.isEmpty, "\(driver.report)")
        let read = driver.outcome?.usage?.inputTokens ?? 0
        let alone = Driver(Setup(targets: [.sample("two")])).send(Chat.body()).connect().head(200, .json)
        alone.bytes(Chat.answer).end()
        #expect(read == 7 + (alone.outcome?.usage?.inputTokens ?? 0))
    }

    @Test("a stream comes back as the caller's, settled before its end mark, with the usage that was asked for")
    func stream() {
        let driver = Driver(Setup(targets: [Self.claude]))
        driver.send(Chat.body(stream: true, extra: ",\"stream_options\":{\"include_usage\":true}")).stream(Self.start)
        #expect(driver.response == nil, "nothing bears content yet")
        driver.bytes(Self.text("Hel")).bytes(Self.text("lo"))
        #expect(driver.response?.contentType == "text/event-stream")
        driver.bytes(Self.end)
        #expect(driver.outcome != nil, "the mark of the end was seen: nobody waits for the end of the framing")
        #expect(driver.bodyText.contains("\"content\":\"Hel\"") && driver.bodyText.contains("\"content\":\"lo\""))
        #expect(driver.bodyText.contains("\"finish_reason\":\"stop\""))
        #expect(driver.bodyText.contains("\"prompt_tokens\":9"))
        #expect(driver.bodyText.hasSuffix("data: [DONE]\n\n"))
        #expect(driver.outcome?.usage == Usage(inputTokens: 9, outputTokens: 5))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that is cut ends with an error event; the input was told, the output is what was seen")
    func cut() {
        let driver = Driver(Setup(targets: [Self.claude])).send(Chat.body(stream: true))
        driver.stream(Self.start + Self.text("Hello, world. Hello, world.")).fail()
        #expect(driver.bodyText.contains("\"error\""))
        #expect(!driver.bodyText.contains("[DONE]"))
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.outcome?.usage == Usage(inputTokens: 9, outputTokens: 7, estimated: true))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an error event in the middle is an interruption, and as the first event an error of its own status")
    func errorEvents() {
        let overloaded = Self.event("error", #""error":{"type":"overloaded_error","message":"Overloaded"}"#)
        let midway = Driver(Setup(targets: [Self.claude])).send(Chat.body(stream: true))
        midway.stream(Self.start + Self.text("Hi")).bytes(overloaded)
        #expect(midway.outcome?.record?.state == .interrupted)
        let first = Driver(Setup(targets: [Self.claude, .sample("two")])).send(Chat.body(stream: true))
        first.stream(overloaded)
        first.wait(.seconds(2))
        #expect(first.response == nil && first.legs.count > 1)
    }

    @Test("an upstream's refusal is told in the caller's dialect with the upstream's status")
    func refusal() {
        let driver = Driver(Setup(targets: [Self.claude])).send().connect().head(400, .json)
        driver.bytes(
            #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#
        ).end()
        #expect(driver.response?.status == 400)
        #expect(driver.errorCode == "context_length_exceeded")
        #expect(driver.bodyText.contains("prompt is too long"))
    }

    @Test("a target that cannot do what was asked for is passed over; the last one's reason is shown")
    func unfit() {
        let driver = Driver(Setup(targets: [Self.claude, .sample("two")])).send(Chat.body(extra: ",\"n\":2"))
        #expect(driver.accounts == ["two"])
        let alone = Driver(Setup(targets: [Self.claude])).send(Chat.body(extra: ",\"n\":2"))
        #expect(alone.response?.status == 400)
        #expect(alone.errorCode == "unsupported_parameter")
        #expect(alone.legs.isEmpty)
        #expect(alone.problems.isEmpty, "\(alone.report)")
    }

    @Test("lines of another dialect come back as events")
    func lines() {
        let driver = Driver(Setup(targets: [Self.ollama])).send(Chat.body(stream: true)).connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/api/chat")
        #expect(driver.legs[driver.leg]?.request?.accept == "application/x-ndjson")
        driver.head(200, .ndjson)
        driver.bytes(
            #"{"model":"tiny","created_at":"2026-11-20T10:00:00Z","message":{"role":"assistant","content":"Hi"},"done":false}"#
                + "\n"
        )
        driver.bytes(
            #"{"model":"tiny","created_at":"2026-11-20T10:00:01Z","message":{"role":"assistant","content":""},"done":true,"#
                + #""done_reason":"stop","prompt_eval_count":4,"eval_count":2}"# + "\n"
        ).end()
        #expect(driver.bodyText.contains("\"content\":\"Hi\""))
        #expect(driver.bodyText.hasSuffix("data: [DONE]\n\n"))
        #expect(driver.outcome?.usage == Usage(inputTokens: 4, outputTokens: 2))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target of the caller's dialect after one of another gets the caller's own bytes")
    func failover() {
        let driver = Driver(Setup(targets: [Self.claude, .sample("two")])).send(Chat.body(extra: ",\"logit_bias\":{}"))
        driver.connect().fail()
        driver.wait(.seconds(5))
        while driver.legs.count > 1, driver.accounts.last == "claude" { driver.connect().fail().wait(.seconds(5)) }
        driver.connect()
        #expect(driver.accounts.last == "two")
        #expect(body(driver).contains("\"logit_bias\":{}"))
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.bodyText == Chat.answer)
        #expect(driver.field("x-gateway-dropped") == nil)
    }
}

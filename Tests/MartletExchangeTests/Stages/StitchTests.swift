import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Streams that go on elsewhere after a break") struct StitchTests {
    /// The text of all content events in an answer.
    private func text(_ driver: Driver) -> String {
        driver.bodyText.split(separator: "\n").compactMap { line in
            guard let range = line.firstRange(of: #""content":""#) else { return nil }
            return String(line[range.upperBound...].prefix { $0 != "\"" })
        }.joined()
    }

    private func request(_ driver: Driver) -> String {
        var bytes = ByteBuffer()
        driver.legs[driver.leg]?.request?.body.write(to: &bytes)
        return String(buffer: bytes)
    }

    @Test("the next target goes on from the text so far, and nobody sees the seam", arguments: 0..<4)
    func goesOn(how: Int) {
        let driver = Driver(.stitched).send(Chat.body(stream: true))
        driver.stream(Chat.role + Chat.text("Once upon a time") + Chat.text(" there "))
        switch how {
        case 0: driver.fail()
        case 1: driver.end()
        case 2: driver.wait(.seconds(31))
        default: driver.bytes("data: {\"broken\n\n")
        }
        #expect(driver.legs[LegID(1)]?.target.account == AccountName("two"))
        driver.connect()
        #expect(request(driver).contains(#"{"role":"assistant","content":"Once upon a time there"}]"#))
        #expect(request(driver).contains(#""continue_final_message":true"#))
        driver.head(200, .eventStream).bytes(Chat.role + Chat.text("upon a time there was") + Chat.text(" a king."))
        driver.bytes(Chat.finish + Chat.done)
        #expect(text(driver) == "Once upon a time there was a king.")
        #expect(driver.bodyText.ranges(of: #""role":"assistant""#).count == 1)
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.outcome?.attempts.map(\.provider) == ["one", "two"])
        #expect(driver.outcome?.attempts.last?.outcome == "ok")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("what both used is told and charged together")
    func usage() {
        let body = Chat.body(stream: true, extra: ",\"stream_options\":{\"include_usage\":true}")
        let driver = Driver(.stitched).send(body).stream(Chat.text("0123456789abcdef")).fail()
        let input: Int64 = driver.exchange.facts.estimatedInputTokens
        driver.stream(Chat.text(" more") + Chat.finish + Chat.usage + Chat.done)
        let used = driver.outcome?.usage
        #expect(used?.outputTokens == 6)
        #expect(used?.inputTokens == input + 7)
        #expect(driver.bodyText.contains("\"prompt_tokens\":\(input + 7)"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("it is off unless switched on, and where no target goes on from a text")
    func off() {
        let driver = Driver(.pair).send(Chat.body(stream: true)).stream(Chat.text("a")).fail()
        #expect(driver.bodyText.contains("stream_interrupted"))
        var setup = Setup.pair
        setup.streams.isStitched = true
        let alone = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("a")).fail()
        #expect(alone.bodyText.contains("stream_interrupted"))
        #expect(alone.outcome?.record?.state == .interrupted)
        #expect(alone.trace.entries.contains { $0.code == .notStitched })
        #expect(alone.problems.isEmpty, "\(alone.report)")
    }

    @Test(
        "where it could not be done truthfully the stream ends with an error",
        arguments: [
            ("", #"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#),
            (#","n":2"#, #"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#),
            (#","response_format":{"type":"json_object"}"#, #"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#),
            ("", #"{"choices":[{"index":0,"delta":{"refusal":"no"}}]}"#),
            ("", #"{"choices":[{"index":1,"delta":{"content":"a"}}]}"#),
        ]
    )
    func untruthful(row: (String, String)) {
        let driver = Driver(.stitched).send(Chat.body(stream: true, extra: row.0)).stream("data: \(row.1)\n\n").fail()
        #expect(driver.legs.count == 1)
        #expect(driver.bodyText.contains("stream_interrupted"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("nothing goes on from an answer whose reason to stop was seen")
    func finished() {
        let driver = Driver(.stitched).send(Chat.body(stream: true)).stream(Chat.text("a") + Chat.finish).fail()
        #expect(driver.legs.count == 1)
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("white space alone is nothing to go on from: the question is asked anew, of anybody")
    func onlySpace() {
        let driver = Driver(.stitched).send(Chat.body(stream: true)).stream(Chat.text("\\n")).fail().connect()
        #expect(!request(driver).contains("continue_final_message"))
        driver.head(200, .eventStream).bytes(Chat.text("\\nHi") + Chat.finish + Chat.done)
        #expect(text(driver) == "\\nHi")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a filter that ends a stream is no break")
    func filtered() {
        let error = #"data: {"error":{"message":"no","code":"content_filter"}}"# + "\n\n"
        let driver = Driver(.stitched).send(Chat.body(stream: true)).stream(Chat.text("a")).bytes(error)
        #expect(driver.legs.count == 1)
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "a call of a tool is made anew and goes on where it broke, when it comes out the same",
        arguments: [true, false]
    )
    func toolCall(isSame: Bool) {
        let piece = { (fields: String) in
            #"data: {"choices":[{"index":0,"delta":{"tool_calls":[\#(fields)]}}]}"# + "\n\n"
        }
        let driver = Driver(.stitched).send(Chat.body(stream: true))
        driver.stream(piece(#"{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": "}}"#))
            .fail()
        driver.connect()
        #expect(request(driver).contains(#""tool_choice":{"type":"function","function":{"name":"f"}}"#))
        let key = isSame ? "a" : "b"
        driver.head(200, .eventStream)
        driver.bytes(
            piece(#"{"index":0,"id":"c9","type":"function","function":{"name":"f","arguments":"{\"\#(key)\":12}"}}"#)
        )
        if isSame {
            driver.bytes(Chat.finish + Chat.done)
            #expect(driver.bodyText.contains(#""arguments":"12}""#))
            #expect(!driver.bodyText.contains("c9"))
            #expect(driver.outcome?.record?.state == .settled)
        } else {
            for _ in 0..<3 where driver.outcome == nil { driver.connect().fail() }
            #expect(driver.bodyText.contains("stream_interrupted"))
        }
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("when nobody can be reached the caller is told of the break, not of that")
    func nobody() {
        let driver = Driver(.stitched).send(Chat.body(stream: true)).stream(Chat.text("a"))
        driver.fail()
        for _ in 0..<6 where driver.outcome == nil { driver.fail(.connect).wait(.seconds(10)) }
        #expect(driver.bodyText.contains("stream_interrupted"))
        #expect(!driver.bodyText.contains("[DONE]"))
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "a block of Anthropic's that had ended is followed by another one; one that had not goes on",
        arguments: [true, false]
    )
    func blocks(hasEnded: Bool) {
        var quirks = Quirks()
        quirks.continuation = .plain
        let second = Target.sample("two", model: "claude-3-5-haiku", dialect: .anthropicMessages, quirks: quirks)
        var setup = Setup(targets: [Messages.claude, second])
        setup.streams.isStitched = true
        let driver = Driver(setup, head: .messages()).send(Messages.body(stream: true))
        let stop = Messages.event("content_block_stop", #""index":0"#)
        driver.stream(Messages.start + Messages.text("Hallo Welt.") + (hasEnded ? stop : "")).fail()
        driver.stream(Messages.start + Messages.text(" Weiter") + Messages.end)
        let starts = driver.bodyText.ranges(of: "event: content_block_start").count
        let stops = driver.bodyText.ranges(of: "event: content_block_stop").count
        #expect(starts == (hasEnded ? 2 : 1) && stops == starts, "\(driver.bodyText)")
        #expect(driver.bodyText.ranges(of: "event: message_start").count == 1)
        #expect(driver.bodyText.ranges(of: "event: message_stop").count == 1)
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream may break twice")
    func twice() {
        let driver = Driver(.stitched).send(Chat.body(stream: true)).stream(Chat.text("One two three four"))
        driver.fail().stream(Chat.text(" five")).fail()
        #expect(driver.legs.count == 3)
        driver.connect()
        #expect(request(driver).contains("One two three four five"))
        driver.head(200, .eventStream).bytes(Chat.text(" six") + Chat.finish + Chat.done)
        #expect(text(driver) == "One two three four five six")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("content that stays on the device does not go on elsewhere")
    func local() {
        var setup = Setup.stitched
        setup.targets[0] = .sample("one", isLocal: true)
        let driver = Driver(setup, head: .chat { $0.gatewayPrivacy = "local_only" })
        driver.send(Chat.body(stream: true)).stream(Chat.text("a")).fail()
        #expect(driver.legs.count == 1)
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a caller who leaves in the gap ends it")
    func clientGone() {
        let driver = Driver(.stitched).send(Chat.body(stream: true)).stream(Chat.text("a")).fail()
        driver.wait(.seconds(1)).tell(.clientGone)
        #expect(driver.outcome?.record?.state == .cancelled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

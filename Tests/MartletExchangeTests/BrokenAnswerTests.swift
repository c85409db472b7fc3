import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Answers that the provider broke off") struct BrokenAnswerTests {
    private static let reasons = ["abort", "error", "insufficient_system_resource"]

    private static func answer(_ reason: String, _ content: String = "Hal") -> String {
        #"{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","#
            + #""content":"\#(content)"},"finish_reason":"\#(reason)"}],"#
            + #""usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#
    }

    private static func finish(_ reason: String) -> String { Chat.event(#""delta":{},"finish_reason":"\#(reason)""#) }

    private func head(_ path: String) -> ClientHead { .chat { $0.path = path } }

    private static let responses = #"{"model":"gpt-test","input":"hello there"}"#

    @Test("a whole answer that was broken off is no answer to a caller who could not see it", arguments: reasons)
    func whole(reason: String) {
        for (path, body) in [("/v1/messages", Messages.body()), ("/v1/responses", Self.responses)] {
            let driver = Driver(.pair, head: path == "/v1/messages" ? .messages() : head(path)).send(body)
            // Once more, as after a failure of the server, then another target.
            driver.connect().head(200, .json).bytes(Self.answer(reason)).end().wait(.seconds(1))
            driver.connect().head(200, .json).bytes(Self.answer(reason)).end()
            driver.connect().head(200, .json).bytes(Chat.answer).end()
            #expect(driver.accounts == ["one", "one", "two"], "\(driver.report)")
            #expect(driver.response?.status == 200 && driver.bodyText.contains("Hi."), "\(driver.report)")
            // What the broken ones used was used all the same.
            #expect(driver.outcome?.usage?.inputTokens == 21 && driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("where nothing else is left the caller gets an error, not what there is of it")
    func nothingLeft() {
        let driver = Driver(head: .messages()).send(Messages.body())
        driver.connect().head(200, .json).bytes(Self.answer("abort")).end().wait(.seconds(1))
        driver.connect().head(200, .json).bytes(Self.answer("abort")).end()
        #expect(driver.response?.status == 502 && !driver.bodyText.contains("Hal"), "\(driver.report)")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that is broken off ends with an error for such a caller", arguments: reasons)
    func stream(reason: String) {
        let start = Chat.role + Chat.text("Hal")
        let end = Self.finish(reason) + Chat.usage + Chat.done
        let messages = Driver(head: .messages()).send(Messages.body(stream: true)).stream(start).bytes(end)
        #expect(messages.bodyText.contains("event: error") && !messages.bodyText.contains("message_stop"))
        #expect(!messages.bodyText.contains("end_turn") && messages.problems.isEmpty, "\(messages.report)")
        let body = #"{"model":"gpt-test","input":"hello there","stream":true}"#
        let responses = Driver(head: head("/v1/responses")).send(body).stream(start).bytes(end)
        #expect(responses.bodyText.contains("event: response.failed"), "\(responses.report)")
        #expect(!responses.bodyText.contains("response.completed") && responses.problems.isEmpty)
        for driver in [messages, responses] {
            #expect(driver.env.reports.contains { $0.account == "one" && $0.kind != nil }, "\(driver.report)")
            #expect(driver.outcome?.record?.state == .interrupted)
        }
    }

    @Test("a stream that is broken off before anything was said is asked for elsewhere", arguments: reasons)
    func beforeContent(reason: String) {
        let broken = Chat.role + Self.finish(reason) + Chat.done
        for isChat in [true, false] {
            let driver = Driver(.pair, head: isChat ? .chat() : .messages())
            driver.send(isChat ? Chat.body(stream: true) : Messages.body(stream: true))
            driver.stream(broken).wait(.seconds(1))
            driver.stream(broken).stream(Chat.stream)
            #expect(driver.accounts == ["one", "one", "two"], "\(driver.report)")
            #expect(driver.response?.status == 200 && driver.problems.isEmpty, "\(driver.report)")
            #expect(!driver.bodyText.contains(reason))
        }
    }

    @Test("a caller of chat completions sees the reason itself; the target has failed all the same", arguments: reasons)
    func sameDialect(reason: String) {
        let whole = Driver().send().connect().head(200, .json)
        whole.bytes(Self.answer(reason)).end()
        #expect(whole.response?.status == 200 && whole.bodyText == Self.answer(reason), "\(whole.report)")
        let text = Chat.role + Chat.text("Hal") + Self.finish(reason)
        let stream = Driver().send(Chat.body(stream: true)).stream(text + Chat.usage + Chat.done)
        #expect(stream.bodyText == text + Chat.done, "\(stream.report)")
        for driver in [whole, stream] {
            #expect(
                driver.env.reports.contains { $0.account == "one" && $0.kind != nil } && driver.problems.isEmpty,
                "\(driver.report)"
            )
        }
    }

    @Test("a whole answer without anything in it is asked for once more, whoever the caller is", arguments: reasons)
    func emptyWhole(reason: String) {
        let driver = Driver(.pair).send()
        driver.connect().head(200, .json).bytes(Self.answer(reason, "")).end().wait(.seconds(1))
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.accounts == ["one", "one"] && driver.bodyText == Chat.answer, "\(driver.report)")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a call of Gemini's that came out malformed is no end of a turn")
    func gemini() {
        let gemini = Target.sample("gemini", model: "gemini-up", dialect: .gemini)
        let text = #"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hal"}]}}]}"#
        let end = #"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#
        let driver = Driver(Setup(targets: [gemini]), head: .messages()).send(Messages.body(stream: true))
        driver.stream("data: \(text)\n\n").bytes("data: \(end)\n\n").end()
        #expect(driver.bodyText.contains("event: error") && !driver.bodyText.contains("end_turn"), "\(driver.report)")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

@Suite("Streams whose server leaves the reason to stop empty") struct EmptyReasonTests {
    private static let call = Chat.event(
        #""delta":{"tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}"#
    )
    private static let stream =
        call + Chat.event(#""delta":{},"finish_reason":"""#) + Chat.usage + Chat.done

    @Test("a caller of the same dialect gets the reason before the mark")
    func same() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Self.stream)
        let reason = #"{"index":0,"delta":{},"finish_reason":"tool_calls"}"#
        #expect(driver.bodyText.contains(reason) && driver.bodyText.hasSuffix(Chat.done), "\(driver.report)")
        #expect(driver.outcome?.record?.state == .settled && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a caller of another dialect is told that tools are called")
    func other() {
        let driver = Driver(head: .messages()).send(Messages.body(stream: true)).stream(Self.stream)
        #expect(driver.bodyText.contains(#""stop_reason":"tool_use""#), "\(driver.report)")
        #expect(driver.bodyText.contains("message_stop") && driver.problems.isEmpty, "\(driver.report)")
    }
}

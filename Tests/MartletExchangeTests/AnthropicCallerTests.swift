import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Callers of Anthropic's messages") struct AnthropicCallerTests {
    private static let claude = Messages.claude
    private static let one = Target.sample("one")

    private func ask(_ targets: [Target], _ body: String = Messages.body(), _ head: ClientHead = .messages()) -> Driver
    {
        Driver(Setup(targets: targets), head: head).send(body)
    }

    @Test("the caller's bytes, version and betas reach a target of its dialect as they came")
    func passes() {
        let driver = ask([Self.claude], Messages.body(extra: #","later":1"#), .messages(betas: "a-1,b-2")).connect()
        #expect(
            driver.sentText == Messages.body(extra: #","later":1"#).replacing("gpt-test", with: "claude-sonnet-4-5")
        )
        #expect(driver.sent("anthropic-version") == "2023-06-01" && driver.sent("anthropic-beta") == "a-1,b-2")
        driver.head(200, .json).bytes(Messages.answer).end()
        #expect(driver.bodyText == Messages.answer && driver.field("x-gateway-dropped") == nil)
        #expect(driver.outcome?.usage == Usage(inputTokens: 7, outputTokens: 2))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a caller without a version leaves it to the account")
    func noVersion() {
        let driver = ask([Self.claude], Messages.body(), .messages(version: nil)).connect()
        #expect(driver.sent("anthropic-version") == nil)
        #expect(
            ask([Self.one], Messages.body(extra: #","temperature":0.5"#), .messages(version: nil)).accounts == ["one"]
        )
    }

    @Test("what the caller's version refuses is refused for targets that would not", arguments: ["one", "mock"])
    func version(target: String) {
        let targets = target == "mock" ? [Target.mock] : [Self.one]
        let body = Messages.body(extra: #","temperature":0.5"#)
        let refused = ask(targets, body, .messages(version: "2026-10-21"))
        #expect(refused.response?.status == 400 && refused.bodyText.contains("temperature: Extra inputs"))
        #expect(refused.bodyText.hasPrefix(#"{"type":"error","error":{"type":"invalid_request_error""#))
        #expect(refused.legs.isEmpty)
        let wrong = ask(targets, Messages.body(), .messages(version: "yesterday"))
        #expect(wrong.response?.status == 400 && wrong.bodyText.contains("anthropic-version"))
        if target == "one" { #expect(ask(targets, body).accounts == ["one"]) }
    }

    @Test("betas and their members do not reach another dialect, and both are named")
    func betas() {
        let body = Messages.body(extra: #","context_management":{"edits":[]}"#)
        let driver = ask([Self.one], body, .messages(betas: "context-management-2025-06-27, x-1")).connect()
        #expect(!driver.sentText.contains("context_management"))
        #expect(driver.legs[driver.leg]?.request?.fields.isEmpty == true)
        driver.head(200, .json).bytes(Chat.answer).end()
        let dropped = driver.field("x-gateway-dropped") ?? ""
        for name in ["context_management", "context-management-2025-06-27", "x-1"] { #expect(dropped.contains(name)) }
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("streams of a target of OpenAI's dialect are asked for their usage, unless it does not take that")
    func streamOptions() {
        let driver = ask([Self.one], Messages.body(stream: true)).connect()
        #expect(driver.sentText.contains(#""stream_options":{"include_usage":true}"#))
        let old = Target.sample("old", quirks: Quirks(acceptsStreamUsage: false))
        #expect(!ask([old], Messages.body(stream: true)).connect().sentText.contains("stream_options"))
    }

    @Test("when the target of the caller's dialect fails, the next one gets the request in its own words")
    func fallback() {
        let driver = ask([Self.claude, Self.one], Messages.body(extra: #","system":"Be brief.""#)).connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/messages")
        driver.head(401, .json).bytes(#"{"type":"error","error":{"type":"authentication_error","message":"no"}}"#).end()
        driver.connect()
        #expect(driver.accounts.last == "one")
        #expect(driver.legs[driver.leg]?.request?.path == "/chat/completions")
        #expect(driver.sentText.contains(#"{"role":"system","content":"Be brief."}"#))
        #expect(driver.legs[driver.leg]?.request?.fields.isEmpty == true)
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200 && driver.bodyText.contains(#""type":"message""#))
        #expect(driver.bodyText.contains(#""text":"Hi.""#) && driver.field("x-gateway-attempts") == "2")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that breaks ends with Anthropic's error event, whoever the target was")
    func interrupted() {
        let passing = ask([Self.claude], Messages.body(stream: true)).stream(Messages.start + Messages.text("Hi"))
        passing.bytes(Messages.overloaded)
        let translated = ask([Self.one], Messages.body(stream: true)).stream(Chat.role + Chat.text("Hi")).fail()
        for driver in [passing, translated] {
            let last = driver.bodyText.split(separator: "\n\n").last ?? ""
            #expect(
                last.hasPrefix("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"),
                "\(driver.bodyText)"
            )
            #expect(last.contains("\"request_id\":\"\(driver.requestID)\""))
            #expect(!driver.bodyText.contains("message_stop"))
            #expect(driver.outcome?.record?.state == .interrupted)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
        #expect(passing.bodyText.hasPrefix(Messages.start + Messages.text("Hi")))
        #expect(passing.bodyText.contains("overloaded_error") && translated.bodyText.contains("api_error"))
    }

    @Test("a stream that waits is kept alive by Anthropic's own event", arguments: [true, false])
    func ping(passes: Bool) {
        var setup = Setup(targets: [passes ? Self.claude : Self.one])
        setup.timeouts.keepAliveComment = .seconds(5)
        let driver = Driver(setup, head: .messages()).send(Messages.body(stream: true))
        driver.stream(passes ? Messages.start + Messages.text("Hi") : Chat.role + Chat.text("Hi")).wait(.seconds(6))
        #expect(driver.bodyText.hasSuffix("event: ping\ndata: {\"type\":\"ping\"}\n\n"))
    }

    @Test("a prompt that is too long is told in the words that clients know, whoever says it")
    func tooLong() {
        let told = ask([Self.one]).connect().head(400, .json)
        told.bytes(#"{"error":{"message":"Too many.","type":"x","param":null,"code":"context_length_exceeded"}}"#).end()
        #expect(told.response?.status == 400 && told.bodyText.contains(#""message":"prompt is too long: "#))
        #expect(told.bodyText.contains("\"request_id\":\"\(told.requestID)\""))
        let error = GatewayError(.contextLengthExceeded, "It does not fit.")
        let own = ErrorBody.render(error, surface: .anthropic, requestID: "r").body
        #expect(String(buffer: own).contains(#""message":"prompt is too long: It does not fit.""#))
    }

    @Test("an overloaded provider is 529 here and 503 in OpenAI's words, both with a time to come back")
    func overloaded() {
        var setup = Setup(targets: [Self.claude])
        setup.retry.enabled = false
        let body = #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#
        let own = Driver(setup, head: .messages()).send(Messages.body()).connect().head(529, .json).bytes(body).end()
        #expect(own.response?.status == 529 && own.bodyText.contains("overloaded_error"))
        let other = Driver(setup).send().connect().head(529, .json).bytes(body).end()
        #expect(other.response?.status == 503 && other.errorCode == "overloaded")
        for driver in [own, other] { #expect(driver.field("retry-after") == "5", "\(driver.report)") }
    }

    @Test("an upstream's status decides the type of error, in whatever words it came")
    func types() {
        let driver = ask([Self.one]).connect().head(404, .json)
        driver.bytes(#"{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"x"}}"#).end()
        #expect(driver.response?.status == 404 && driver.bodyText.contains(#""type":"not_found_error""#))
        let refused = ask([Self.claude]).connect().head(401, .json).bytes("{}").end()
        #expect(refused.response?.status == 502 && refused.bodyText.contains(#""type":"api_error""#))
    }
}

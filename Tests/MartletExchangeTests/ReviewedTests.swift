import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

/// Small things that were wrong once, each as the request that showed it.
@Suite("Once wrong") struct ReviewedTests {
    private static func head(_ path: String, type: String? = "application/json") -> ClientHead {
        .chat {
            $0.path = path
            $0.contentType = type
        }
    }

    @Test(
        "members that look like a codec's own marks are nobody's",
        arguments: ["#history\":-9223372036854775808", "#history\":9223372036854775807", "#instructions\":true"]
    )
    func marks(member: String) {
        let body = #"{"model":"gpt-test","input":"x","\#(member)}"#
        let driver = Driver(Setup(targets: [.sample("one")]), head: Self.head("/v1/responses")).send(body).connect()
        #expect(driver.accounts == ["one"] && !driver.sentText.contains("#"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the last event of a stream with CR LF arrives, though its last byte comes too late")
    func carriageReturn() {
        let stream = (Messages.start + Messages.text("Hi.") + Messages.end).replacing("\n", with: "\r\n")
        let driver = Driver(Setup(targets: [Messages.claude]), head: .messages()).send(Messages.body(stream: true))
        driver.connect().head(200, .eventStream).bytes(String(stream.unicodeScalars.dropLast()))
        driver.bytes("\n").end()
        #expect(driver.bodyText.contains("event: message_stop") && driver.hasEnded)
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an error that comes with status 200 is in the caller's format", arguments: [false, true])
    func errorIn200(isStream: Bool) {
        let driver = Driver(Setup(targets: [.sample("one")]), head: .messages()).send(Messages.body(stream: isStream))
        let error = #"{"error":{"message":"no such parameter","code":400}}"#
        if isStream {
            driver.connect().head(200, .eventStream).bytes("data: \(error)\n\n").end()
        } else {
            driver.connect().head(200, .json).bytes(error).end()
        }
        #expect(driver.response?.status == 400)
        #expect(
            driver.bodyText.hasPrefix(#"{"type":"error","error":{"type":"invalid_request_error""#),
            "\(driver.bodyText)"
        )
    }

    @Test("bytes that pass go where route and provider let them, and without what speaks to the gateway")
    func passThroughRoute() {
        let body = #"{"model":"gpt-test","input":"x","route":"cloud","provider":"two","fallbacks":[]}"#
        let driver = Driver(Setup(targets: [.sample("one"), .sample("two")]), head: Self.head("/v1/moderations"))
            .send(body).connect()
        #expect(driver.accounts == ["two"])
        #expect(driver.sentText == #"{"model":"upstream-model","input":"x"}"#)
        let local = Driver(Setup(targets: [.sample("one")]), head: Self.head("/v1/moderations"))
            .send(#"{"model":"gpt-test","input":"x","route":"Local"}"#)
        #expect(local.legs.isEmpty && local.response?.status != 200)
        #expect(driver.problems.isEmpty && local.problems.isEmpty, "\(driver.report) \(local.report)")
    }

    @Test("JSON of curl's default type is read as JSON where bytes pass, too")
    func defaultType() {
        let head = Self.head("/v1/moderations", type: "application/x-www-form-urlencoded")
        let driver = Driver(Setup(targets: [.sample("one")]), head: head).send(#"{"model":"gpt-test","input":"x"}"#)
            .connect()
        #expect(driver.sentText == #"{"model":"upstream-model","input":"x"}"#)
        let broken = Driver(Setup(targets: [.sample("one")]), head: head).send(#"{"model":5,"input":"x"}"#)
        #expect(broken.response?.status == 400 && broken.legs.isEmpty)
    }

    @Test("files of Anthropic's clients go to no provider that has OpenAI's API")
    func anthropicFiles() {
        let driver = Driver(Setup(targets: [.sample("one")]), head: .messages("/v1/files")).send("{}")
        #expect(driver.response?.status == 404 && driver.legs.isEmpty)
        #expect(driver.bodyText.hasPrefix(#"{"type":"error""#))
    }

    @Test("a deleted file's empty answer has no body, not even an empty one in chunks")
    func noContent() {
        let head = ClientHead.chat {
            $0.method = .delete
            $0.path = "/v1/files/file-1"
            ($0.contentLength, $0.contentType) = (nil, nil)
        }
        let driver = Driver(head: head)
        driver.begin().tell(.clientEnd).connect()
        driver.tell(.legHead(driver.leg, UpstreamHead(status: 204, media: .other))).end()
        #expect(driver.response?.status == 204 && driver.response?.contentLength == 0)
    }
}

import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Messages as a surface") struct MessagesSurfaceTests {
    private static let claude = Target.sample("claude", model: "claude-sonnet-4-5", dialect: .anthropicMessages)
    private static let request =
        #"{"model":"gpt-test","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hi"}],"new":{"a":1}}"#

    private static func head() -> ClientHead {
        .chat {
            $0.path = "/v1/messages"
            $0.vendorFields = [
                HeaderField(name: "anthropic-version", value: "2023-06-01"),
                HeaderField(name: "anthropic-beta", value: "some-beta-2026-01-01"),
            ]
        }
    }

    private static func event(_ name: String, _ members: String) -> String {
        "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }

    private static let start = event(
        "message_start",
        #""message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"#
            + #""usage":{"input_tokens":9,"output_tokens":1}}"#
    )
    private static let text =
        event("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#)
        + event("ping", "")
        + event("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"Grüß dich"}"#)
    private static let end =
        event("content_block_stop", #""index":0"#)
        + event("message_delta", #""delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}"#)
        + event("message_stop", "")

    private func driver(_ target: Target = claude) -> Driver {
        Driver(Setup(targets: [target]), head: Self.head()).send(Self.request)
    }

    @Test("a target of the same format gets the caller's bytes and the vendor's own fields; only the model is changed")
    func passes() {
        let driver = driver().connect()
        let request = driver.legs[driver.leg]?.request
        let sent = (request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
        #expect(sent == Self.request.replacing("gpt-test", with: "claude-sonnet-4-5"))
        #expect(request?.path == "/messages")
        #expect(request?.fields.map(\.name) == ["anthropic-version", "anthropic-beta"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "its stream comes back byte for byte however it is cut, with the usage read from it",
        arguments: [1, 3, 7, 4096]
    )
    func stream(size: Int) {
        let all = Array((Self.start + Self.text + Self.end).utf8)
        let driver = driver().connect().head(200, .eventStream)
        var index = 0
        while index < all.count, driver.outcome == nil {
            let next = min(all.count, index + size)
            driver.tell(.legBytes(driver.leg, ByteBuffer(bytes: all[index..<next])))
            // What is sent always ends with a whole event.
            if !driver.body.isEmpty { #expect(driver.body.suffix(2).elementsEqual([10, 10])) }
            index = next
        }
        #expect(driver.body == all)
        #expect(driver.outcome?.usage == Usage(inputTokens: 9, outputTokens: 5))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an error in its middle stays here and becomes the caller's own; what came before it goes out")
    func errorEvent() {
        let driver = driver().connect().head(200, .eventStream)
        driver.bytes(Self.start + Self.text)
        driver.bytes(
            Self.event("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"!"}"#)
                + Self.event("error", #""error":{"type":"overloaded_error","message":"secret of theirs"}"#)
        )
        #expect(driver.bodyText.contains(#""text":"!""#))
        #expect(!driver.bodyText.contains("secret of theirs"))
        #expect(driver.bodyText.contains("event: error\n"))
        #expect(!driver.bodyText.contains("message_stop"))
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that is cut gets an error event of this format and no end")
    func cut() {
        let driver = driver().connect().head(200, .eventStream).bytes(Self.start + Self.text + "event: content_bl")
        driver.end()
        #expect(driver.bodyText.contains("event: error\n"))
        #expect(!driver.bodyText.contains("event: content_bl\n"))
        #expect(driver.outcome?.record?.state == .interrupted)
    }

    @Test("a target of another format is translated to and from, and the fields of the vendor stay here")
    func translated() {
        let driver = driver(.sample("one")).connect()
        let request = driver.legs[driver.leg]?.request
        #expect(request?.path == "/chat/completions")
        #expect(request?.fields.isEmpty == true)
        driver.head(200, .eventStream).bytes(Chat.role + Chat.text("Hi")).bytes(Chat.finish).bytes("data: [DONE]\n\n")
        let text = driver.bodyText
        #expect(text.hasPrefix("event: message_start\n"))
        #expect(text.contains(#""type":"text_delta","text":"Hi""#))
        #expect(text.hasSuffix("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a refusal before any model is one of this format")
    func refused() {
        let driver = Driver(head: Self.head()).send(#"{"model":"nobody","max_tokens":1,"messages":[]}"#)
        #expect(driver.bodyText.hasPrefix(#"{"type":"error","error":{"type":"#))
    }
}

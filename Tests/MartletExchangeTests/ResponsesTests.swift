import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Responses") struct ResponsesTests {
    private static let vendor = Target.sample("vendor", model: "gpt-up", dialect: .openAIResponses)

    private static func head(_ method: ClientHead.Method = .post, _ path: String = "/v1/responses") -> ClientHead {
        .chat {
            $0.method = method
            $0.path = path
            if method != .post { ($0.contentLength, $0.contentType) = (nil, nil) }
        }
    }

    private static func body(_ members: String = #","input":"hello there""#, stream: Bool = false) -> String {
        #"{"model":"gpt-test"\#(stream ? ",\"stream\":true" : "")\#(members)}"#
    }

    private func driver(_ targets: [Target] = [.sample("one")], head: ClientHead = head()) -> Driver {
        Driver(Setup(targets: targets), head: head)
    }

    private func sent(_ driver: Driver) -> String {
        (driver.legs[driver.leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
    }

    /// The request of the ask for a history, answered.
    private func answer(_ driver: Driver, _ history: (HistoryRequest) -> HistoryAnswer) -> HistoryRequest? {
        guard let open = driver.openAsk, case .history(let request) = open.ask else { return nil }
        driver.tell(.answer(open.id, .history(history(request))))
        return request
    }

    @Test("a whole answer is kept before it goes out, with the request as the caller sent it")
    func keptWhole() throws {
        let driver = driver().send(Self.body()).connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200)
        let kept = try #require(driver.kept.first)
        #expect(driver.kept.count == 1)
        #expect(kept.response == driver.body)
        #expect(kept.key == APIKeyID("abcdefghijkl"))
        #expect(kept.request.messages.last?.text == "hello there")
        let names = driver.lastNames
        let keep = try #require(names.firstIndex(of: "keep"))
        #expect(keep < (names.firstIndex(of: "body") ?? 0))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream is kept before its last event")
    func keptStream() throws {
        let driver = driver().send(Self.body(stream: true)).stream(Chat.stream).end()
        #expect(driver.bodyText.contains("event: response.completed\n"))
        let kept = try #require(driver.kept.first)
        #expect(driver.bodyText.contains(String(decoding: kept.response, as: UTF8.self)))
        #expect(kept.request.messages.last?.text == "hello there")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "nothing is kept that the caller wants forgotten, that broke off, or that a target keeps itself",
        arguments: [0, 1, 2, 3]
    )
    func notKept(which: Int) {
        let driver: Driver
        switch which {
        case 0:
            driver = self.driver().send(Self.body(#","input":"x","store":false"#)).connect().head(200, .json)
            driver.bytes(Chat.answer).end()
        case 1:
            driver = self.driver().send(Self.body(stream: true)).stream(Chat.role + Chat.text("Hel")).fail()
            #expect(driver.bodyText.contains("event: response.failed\n"))
            #expect(!driver.bodyText.contains("event: response.completed\n"))
        case 2:
            driver = self.driver([Self.vendor]).send(Self.body()).connect().head(200, .json)
            driver.bytes(Self.answer).end()
            #expect(driver.bodyText == Self.answer)
        default:
            driver = Driver(Setup()).send(#"{"model":"gpt-test","input":"hi"}"#).connect().head(200, .json)
            driver.bytes(Chat.answer).end()
            #expect(driver.bodyText.contains("chat.completion"))
        }
        #expect(driver.response?.status == 200)
        #expect(driver.kept.isEmpty)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    private static let answer =
        #"{"id":"resp_up","object":"response","created_at":1,"status":"completed","model":"gpt-up","output":[{"type":"#
        + #""message","id":"msg_up","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi.","#
        + #""annotations":[]}]}],"usage":{"input_tokens":7,"output_tokens":2,"total_tokens":9}}"#

    @Test("a request that goes on from a kept response is sent with the conversation so far")
    func history() throws {
        let driver = driver().send(Self.body(#","input":"and now?","previous_response_id":"resp_1""#))
        #expect(driver.legs.isEmpty)
        let answered = answer(driver) { request in
            var effective = request.request
            effective.messages.insert(ChatMessage(role: .user, parts: [.text(ChatText("before"))]), at: 0)
            effective.extra.removeAll { $0.name == "previous_response_id" }
            return .found(effective)
        }
        let asked = try #require(answered)
        #expect(asked.previousID == "resp_1" && asked.key == APIKeyID("abcdefghijkl"))
        driver.connect()
        #expect(sent(driver).contains("before"))
        #expect(!sent(driver).contains("resp_1"))
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.bodyText.contains(#""previous_response_id":"resp_1""#))
        // Each response is kept with what it adds.
        #expect(driver.kept.first?.request.messages.map(\.text) == ["and now?"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a history in front of a request reaches a target of the dialect in a body written anew")
    func historyToVendor() {
        let driver = driver([Self.vendor]).send(Self.body(#","input":"and now?","previous_response_id":"resp_1""#))
        _ = answer(driver) { request in
            var effective = request.request
            effective.extra.removeAll { $0.name == "previous_response_id" }
            return .found(effective)
        }
        driver.connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/responses")
        #expect(!sent(driver).contains("resp_1"))
        driver.head(200, .json).bytes(Self.answer).end()
        #expect(driver.bodyText.contains(#""id":"resp_"#) && !driver.bodyText.contains("resp_up"))
        #expect(driver.kept.count == 1)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an unknown response is not found, unless a target of the dialect may know it: that one gets the bytes")
    func unknown() {
        let asks = Self.body(#","input":"x","previous_response_id":"resp_9""#)
        let refused = driver().send(asks)
        _ = answer(refused) { _ in .unknown }
        #expect(refused.response?.status == 400)
        #expect(refused.errorCode == "previous_response_not_found")
        #expect(refused.bodyText.contains(#""param":"previous_response_id""#))
        #expect(refused.legs.isEmpty)
        let passed = driver([.sample("one"), Self.vendor]).send(asks)
        _ = answer(passed) { _ in .unknown }
        if let open = passed.openAsk { passed.tell(.answer(open.id, .messageAccount(nil))) }
        passed.connect()
        #expect(passed.accounts == ["vendor"])
        #expect(sent(passed) == asks.replacing("gpt-test", with: "gpt-up"))
        #expect(refused.problems.isEmpty && passed.problems.isEmpty, "\(refused.report)\n\(passed.report)")
    }

    @Test("a response that was made for another key is not found, though its provider would know it")
    func anothers() throws {
        let driver = driver([Self.vendor]).send(Self.body(#","input":"x","previous_response_id":"resp_up""#))
        _ = answer(driver) { _ in .unknown }
        let open = try #require(driver.openAsk)
        driver.tell(.answer(open.id, .messageAccount(nil, isAnothers: true)))
        #expect(driver.response?.status == 400 && driver.errorCode == "previous_response_not_found")
        #expect(driver.legs.isEmpty && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("of several accounts of the dialect the one that made a response is asked, as long as it is known")
    func maker() throws {
        let targets = [Self.vendor, Target.sample("second", model: "gpt-up", dialect: .openAIResponses)]
        let made = driver(targets).send(Self.body()).connect().head(200, .json).bytes(Self.answer).end()
        #expect(made.lastNames.contains("rememberMessage"))
        #expect(made.problems.isEmpty, "\(made.report)")
        for account in [AccountName("second"), nil] {
            let driver = driver(targets).send(Self.body(#","input":"x","previous_response_id":"resp_up""#))
            _ = answer(driver) { _ in .unknown }
            let open = try #require(driver.openAsk)
            #expect(open.ask.text == "messageAccount resp_up abcdefghijkl")
            driver.tell(.answer(open.id, .messageAccount(account)))
            #expect(driver.accounts == [account == nil ? "vendor" : "second"])
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("a store that cannot answer is told as such")
    func failing() {
        let driver = driver().send(Self.body(#","input":"x","previous_response_id":"resp_9""#))
        _ = answer(driver) { _ in .failed(GatewayError(.dependencyUnavailable, "no", retryAfterSeconds: 1)) }
        #expect(driver.response?.status == 503)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "what speaks of things that a vendor keeps is refused towards other dialects",
        arguments: ["conversation", "prompt"]
    )
    func kept(member: String) {
        let asks = Self.body(",\"input\":\"x\",\"\(member)\":{\"id\":\"a_1\"}")
        let refused = driver().send(asks)
        #expect(refused.response?.status == 400)
        #expect(refused.errorCode == "unsupported_parameter")
        #expect(refused.bodyText.contains("\"param\":\"\(member)\""))
        let passed = driver([Self.vendor]).send(asks).connect()
        #expect(sent(passed).contains("a_1"))
    }

    @Test("work in the background is refused before anybody is asked")
    func background() {
        let driver = driver([Self.vendor]).send(Self.body(#","input":"x","background":true"#))
        #expect(driver.response?.status == 400)
        #expect(driver.bodyText.contains(#""param":"background""#))
        #expect(driver.legs.isEmpty)
    }

    @Test("a stream of the dialect that breaks off ends with one failure, numbered after the last event that passed")
    func cutPassing() {
        let events = [
            #"{"type":"response.created","sequence_number":0,"response":{"id":"resp_up","object":"response","status":"in_progress","output":[]}}"#,
            #"{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message","id":"msg_up","role":"assistant","content":[]}}"#,
            #"{"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_up","output_index":0,"content_index":0,"delta":"Hel"}"#,
        ]
        let text = events.map { "data: \($0)\n\n" }.joined()
        let driver = driver([Self.vendor]).send(Self.body(stream: true)).stream(text).fail()
        #expect(driver.bodyText.hasPrefix(text))
        let rest = String(driver.bodyText.dropFirst(text.count))
        #expect(rest.hasPrefix("event: response.failed\n"))
        #expect(rest.contains(#""sequence_number":3"#))
        #expect(rest.contains(#""id":"resp_up""#))
        #expect(rest.ranges(of: "event: ").count == 1)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an answer at its limit is incomplete, and kept")
    func incomplete() {
        let finish = Chat.event("\"delta\":{},\"finish_reason\":\"length\"")
        let driver = driver().send(Self.body(stream: true))
        driver.stream(Chat.role + Chat.text("Hel") + finish + Chat.done).end()
        #expect(driver.bodyText.contains("event: response.incomplete\n"))
        #expect(driver.bodyText.contains(#""incomplete_details":{"reason":"max_output_tokens"}"#))
        #expect(driver.kept.count == 1)
    }

    @Test("a stream that waits shows that it lives by a comment")
    func keepAlive() {
        let driver = driver().send(Self.body(stream: true)).stream(Chat.role + Chat.text("Hel"))
        driver.wait(.seconds(20))
        #expect(driver.bodyText.hasSuffix("\n\n: keep-alive\n\n"))
    }

    @Test("the built-in model's answers are kept, whole and streamed", arguments: [false, true])
    func mock(stream: Bool) {
        let body = #"{"model":"mock","input":"hi","stream":\#(stream)}"#
        let driver = driver().send(body)
        #expect(driver.kept.count == 1)
        #expect(driver.bodyText.contains(String(decoding: driver.kept.first?.response ?? [0], as: UTF8.self)))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a kept response has its paths at every mount", arguments: ["/v1", "/ai/v1", "/openai/v1"])
    func paths(base: String) {
        func part(_ path: String) -> StoredResponsePath.Part? {
            let found = PathMatcher.endpoint(of: base + path, basePaths: [base], metricsPath: "/metrics")
            guard case .response(let stored)? = found else { return nil }
            return stored.id == "resp_1" ? stored.part : nil
        }
        #expect(part("/responses/resp_1") == .response && part("/responses/resp_1/") == .response)
        #expect(part("/responses/resp_1/input_items") == .inputItems)
        #expect(part("/responses/resp_1/cancel") == .cancel)
        for none in ["/responses/", "/responses//x", "/responses/resp_1/x", "/responses/a%2Fb", "/responses/compact"] {
            #expect(part(none) == nil, "\(none)")
        }
    }

    @Test("a kept response is asked for with the caller's key; other methods are told which there are")
    func stored() throws {
        let driver = driver(head: Self.head(.get, "/v1/responses/resp_1")).begin()
        let open = try #require(driver.openAsk)
        guard case .storedResponse(let request) = open.ask else {
            Issue.record("not asked")
            return
        }
        #expect(request.key == APIKeyID("abcdefghijkl") && request.path.id == "resp_1" && request.method == .get)
        let page = PageAnswer(status: 200, contentType: "application/json", body: ByteBuffer(string: "{}"))
        driver.tell(.answer(open.id, .page(page)))
        #expect(driver.response?.status == 200 && driver.bodyText == "{}")
        for (path, allow) in [
            ("/v1/responses/resp_1", "GET, HEAD, DELETE, OPTIONS"),
            ("/v1/responses/resp_1/input_items", "GET, HEAD, OPTIONS"),
        ] {
            let wrong = self.driver(head: Self.head(.put, path)).begin()
            #expect(wrong.response?.status == 405 && wrong.field("allow") == allow)
        }
        let get = self.driver(head: Self.head(.get)).begin()
        #expect(get.response?.status == 405 && get.field("allow") == "POST, OPTIONS")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

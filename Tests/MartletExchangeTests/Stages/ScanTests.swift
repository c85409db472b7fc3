import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Scan, plan and admit") struct ScanTests {
    @Test(
        "answers a body that is no strict JSON",
        arguments: [
            ("", "invalid_json"), ("{", "invalid_json"), ("nonsense", "invalid_json"),
            ("{\"a\":1,\"a\":2}", "invalid_json"),
            ("{\"a\":1} x", "invalid_json"), ("{\"a\":\"\\ud800\"}", "invalid_json"), ("\u{FEFF}{}", "invalid_json"),
            ("{\"a\":NaN}", "invalid_json"), ("{\"a\":[1,]}", "invalid_json"),
            (String(repeating: "[", count: 200), "json_too_deep"), ("[]", "invalid_value"), ("\"x\"", "invalid_value"),
            ("{}", "missing_required_parameter"), ("{\"messages\":1}", "invalid_value"),
            (Chat.body(extra: ",\"max_tokens\":-1"), "invalid_value"),
            (Chat.body(extra: ",\"stream\":1"), "invalid_value"),
        ]
    )
    func invalid(body: String, code: String) {
        let driver = Driver().send(body)
        #expect(driver.response?.status == 400)
        #expect(driver.errorCode == code)
        #expect(driver.problems.isEmpty, "\(driver.report)")
        #expect(driver.outcome?.record == nil)
    }

    @Test("finds an error in the read that brings it, and does not read on")
    func early() {
        let driver = Driver(head: .chat { $0.contentLength = 1 << 20 }).begin()
        driver.tell(.clientBytes(ByteBuffer(string: "{\"messages\": oops")))
        #expect(driver.response?.status == 400)
        #expect(driver.response?.closes == true)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("reads a body the same however it is cut")
    func cuts() {
        for size in [1, 2, 5, 1_000] {
            let driver = Driver().begin()
            var rest = Array(Chat.body(stream: true).utf8)[...]
            while !rest.isEmpty {
                driver.tell(.clientBytes(ByteBuffer(bytes: rest.prefix(size))))
                rest = rest.dropFirst(size)
            }
            #expect(driver.env.heldBytes == Chat.body(stream: true).utf8.count)
            driver.tell(.clientEnd).stream(Chat.stream)
            #expect(driver.bodyText == Chat.relayed)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("stops a body that grows over the limit")
    func tooLarge() {
        var setup = Setup()
        setup.limits.maxBodyBytes = 100
        let driver = Driver(setup, head: .chat { ($0.contentLength, $0.isChunked) = (nil, true) }).begin()
        driver.tell(.clientBytes(ByteBuffer(string: String(repeating: " ", count: 100))))
        #expect(driver.response == nil)
        driver.tell(.clientBytes(ByteBuffer(string: " ")))
        #expect(driver.response?.status == 413)
        #expect(driver.response?.closes == true)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a body waits while too many bytes are held, and goes on when there is room")
    func roomComes() {
        let driver = Driver()
        driver.env.byteLimit = 10
        driver.begin().tell(.clientBytes(ByteBuffer(string: Chat.body())))
        #expect(driver.response == nil && !driver.wantsClient)
        driver.wait(.milliseconds(500))
        #expect(driver.response == nil && !driver.wantsClient)
        driver.env.byteLimit = 1 << 20
        driver.wait(.milliseconds(20))
        #expect(driver.wantsClient)
        driver.tell(.clientEnd)
        #expect(driver.legs.count == 1)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("refuses a body when too many bytes are held for a second, and holds nothing of it")
    func byteBudget() {
        let driver = Driver()
        driver.env.byteLimit = 10
        driver.begin().tell(.clientBytes(ByteBuffer(string: Chat.body())))
        driver.wait(.milliseconds(999))
        #expect(driver.response == nil)
        driver.wait(.milliseconds(21))
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == "overloaded")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("knows one privacy class by header")
    func privacy() {
        let unknown = Driver(head: .chat { $0.gatewayPrivacy = "secret" }).send()
        #expect(unknown.response?.status == 400)
        #expect(unknown.errorCode == "invalid_value")
        let setup = Setup(targets: [.sample("cloud"), .sample("engine", isLocal: true)])
        let local = Driver(setup, head: .chat { $0.gatewayPrivacy = "local_only" }).send()
        #expect(local.accounts == ["engine"])
        let none = Driver(Setup(local: .silent), head: .chat { $0.gatewayPrivacy = "local_only" }).send()
        #expect(none.response?.status == 503)
        #expect(none.legs.isEmpty)
    }

    @Test("the route in the body wins over the one in the header")
    func route() {
        let setup = Setup(targets: [.sample("cloud"), .sample("engine", isLocal: true)])
        let header = Driver(setup, head: .chat { $0.gatewayRoute = "Local" }).send()
        #expect(header.accounts == ["engine"])
        let body = Driver(setup, head: .chat { $0.gatewayRoute = "local" }).send(
            Chat.body(extra: ",\"route\":\"cloud\"")
        )
        #expect(body.accounts == ["cloud"])
        let unknown = Driver(setup, head: .chat { $0.gatewayRoute = "sideways" }).send()
        #expect(unknown.response?.status == 400)
    }

    @Test("targets that cool down are asked last, and the only one is asked still")
    func coolingDown() {
        let driver = Driver(.pair)
        driver.env.cooling = ["one"]
        driver.send()
        #expect(driver.accounts == ["two"])
        let only = Driver()
        only.env.cooling = ["one"]
        #expect(only.send().accounts == ["one"])
    }

    @Test("an unknown model is not found and costs no slot")
    func unknownModel() {
        let driver = Driver().send(Chat.body(model: "nope"))
        #expect(driver.response?.status == 404)
        #expect(driver.errorCode == "model_not_found")
        #expect(driver.outcome?.model == "none")
        #expect(driver.outcome?.isInference == true)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a model only the caller named is `other` in metrics and itself in records")
    func unnamedModel() {
        let driver = Driver().send(Chat.body(model: "secret-name", extra: ",\"provider\":\"acme\"")).serve { _ in
            .status(200, Chat.answer)
        }
        #expect(driver.outcome?.model == "other")
        #expect(driver.outcome?.record?.model == "secret-name")
        #expect(driver.field("x-gateway-model") == "secret-name")
    }

    @Test("a key over its limit is told to slow down")
    func keyFull() {
        let driver = Driver()
        driver.env.admission = .keyFull
        driver.send()
        #expect(driver.response?.status == 429)
        #expect(driver.errorCode == "rate_limit_exceeded")
        #expect(driver.field("retry-after") == "1")
        #expect(driver.field("x-gateway-attempts") == "0", "a plan exists")
        #expect(driver.outcome?.usage == nil)
    }

    @Test("a granted wait goes on, a refused one does not")
    func queue() throws {
        for isGranted in [true, false] {
            let driver = Driver()
            driver.env.admission = .processFull
            driver.send()
            let ask = try #require(driver.openAsk)
            #expect(ask.ask.text == "process slot")
            driver.tell(.answer(ask.id, .slot(isGranted ? SlotID(40_000) : nil)))
            if isGranted {
                driver.serve { _ in .status(200, Chat.answer) }
                #expect(driver.response?.status == 200)
            } else {
                #expect(driver.response?.status == 503)
            }
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("hands an admin request over with its body, and shows the answer")
    func control() throws {
        let head = ClientHead.get("/admin/keys") { head in
            head.method = .post
            head.query = "a=b"
            head.contentLength = 10
            head.authorization = "Bearer k"
        }
        let driver = Driver(head: head)
        driver.env.auth = .principal(Principal(key: .admin, scopes: [.admin]))
        driver.begin().tell(.clientBytes(ByteBuffer(string: "not "))).tell(.clientBytes(ByteBuffer(string: "json")))
            .tell(.clientEnd)
        let ask = try #require(driver.openAsk)
        guard case .control(let request) = ask.ask else {
            Issue.record("no control request")
            return
        }
        #expect(String(buffer: request.body) == "not json")
        #expect(request.query == "a=b")
        #expect(request.principal.key == .admin)
        driver.tell(.answer(ask.id, .page(.init(status: 405, contentType: "text/x", body: .init(), allow: "GET"))))
        #expect(driver.response?.status == 405)
        #expect(driver.field("allow") == "GET")
        #expect(driver.response?.closes == false)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

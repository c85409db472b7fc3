import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Relay") struct RelayTests {
    @Test("a whole answer passes byte for byte after it is settled")
    func whole() {
        let driver = Driver().send().connect().head(200, .json).bytes(String(Chat.answer.prefix(20)))
        #expect(driver.response == nil)
        driver.bytes(String(Chat.answer.dropFirst(20))).end()
        #expect(driver.lastNames.filter { $0 != "releaseSlot" } == ["settle", "respond", "body", "endBody"])
        #expect(driver.bodyText == Chat.answer)
        #expect(driver.response?.contentLength == Chat.answer.utf8.count)
        #expect(driver.outcome?.usage == Usage(inputTokens: 7, outputTokens: 2))
        #expect(driver.outcome?.cost == NanoUSD(7 * 1_000 + 2 * 2_000))
        #expect(driver.field("x-provider") == "one")
        #expect(driver.field("x-model-source") == "cloud")
        #expect(driver.field("x-gateway-model") == "upstream-model")
        #expect(driver.field("x-gateway-route") == "cloud")
        #expect(driver.field("x-cache") == "OFF")
        #expect(driver.field("x-gateway") == "martlet")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an answer without usage is counted by its text and marked so")
    func estimated() {
        let answer = "{\"choices\":[{\"message\":{\"content\":\"12345678\"},\"finish_reason\":\"stop\"}]}"
        let driver = Driver().send().connect().head(200, .json).bytes(answer).end()
        #expect(driver.outcome?.usage == Usage(inputTokens: 3, outputTokens: 2, estimated: true))
    }

    @Test("nothing is shown before the first content; what was held goes out with it, unchanged")
    func gate() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.role + Chat.ping)
        #expect(driver.response == nil)
        #expect(driver.lastNames == ["readLeg"])
        driver.bytes(Chat.text("Hi"))
        #expect(driver.response?.status == 200)
        #expect(driver.response?.contentType == "text/event-stream")
        #expect(driver.response?.contentLength == nil)
        #expect(driver.field("cache-control") == "no-cache")
        #expect(driver.field("x-accel-buffering") == "no")
        #expect(driver.bodyText == Chat.role + Chat.ping + Chat.text("Hi"))
        #expect(driver.env.heldBytes == 0, "the request body is dropped at the commit point")
    }

    @Test("what is held before the first content is bounded")
    func gateLimit() {
        var setup = Setup()
        setup.limits.maxGateBytes = 1_000
        setup.retry.retriesPerTarget = 0
        let driver = Driver(setup).send(Chat.body(stream: true)).stream()
        for _ in 0..<200 where !driver.isDone { driver.bytes(Chat.ping) }
        #expect(driver.response?.status == 502)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an end mark before any content is no answer, and what follows it is not read")
    func earlyEndMark() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.role + Chat.done)
        #expect(driver.isDone)
        #expect(driver.response?.status == 502)
    }

    @Test("a stream is relayed the same however it is cut", arguments: [1, 2, 3, 7, 64, 10_000])
    func cuts(size: Int) {
        for wantsUsage in [false, true] {
            let extra = wantsUsage ? ",\"stream_options\":{\"include_usage\":true}" : ""
            let driver = Driver().send(Chat.body(stream: true, extra: extra)).stream()
            var rest = Array(Chat.stream.utf8)[...]
            while !rest.isEmpty {
                driver.tell(.legBytes(driver.leg, ByteBuffer(bytes: rest.prefix(size))))
                rest = rest.dropFirst(size)
            }
            #expect(driver.problems.isEmpty, "\(driver.report)")
            #expect(driver.bodyText == (wantsUsage ? Chat.stream : Chat.relayed))
            #expect(driver.outcome?.usage == Usage(inputTokens: 7, outputTokens: 2))
            #expect(driver.outcome?.record?.state == .settled)
        }
    }

    @Test("usage is asked for upstream when the caller did not")
    func asksForUsage() {
        let driver = Driver().send(Chat.body(stream: true)).connect()
        let text = (driver.legs[driver.leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
        #expect(text.contains("\"include_usage\":true"))
    }

    @Test("the end mark waits for the record, and is added where the upstream leaves it out")
    func endMark() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi") + Chat.finish)
        #expect(driver.outcome == nil)
        driver.bytes(Chat.done)
        let names = driver.lastNames.filter { $0 != "releaseSlot" }
        #expect(names == ["settle", "body", "endBody"])

        let other = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi") + Chat.finish).end()
        #expect(other.bodyText.hasSuffix(Chat.finish + Chat.done))
        #expect(other.outcome?.record?.state == .settled)
        #expect(other.problems.isEmpty, "\(other.report)")
    }

    @Test(
        "a stream that breaks after the commit point ends with an error event and nothing else",
        arguments: [
            ("cut", "", true), ("reset", "", false), ("error", Chat.error, nil),
            ("malformed", "data: {nonsense\n\n", nil), ("end mark without a reason", Chat.done, nil),
        ] as [(String, String, Bool?)]
    )
    func interrupted(name: String, bytes: String, endsCleanly: Bool?) {
        let driver = Driver(.pair).send(Chat.body(stream: true)).stream(Chat.text("Hi"))
        if !bytes.isEmpty { driver.bytes(bytes) }
        if let endsCleanly { if endsCleanly { driver.end() } else { driver.fail() } }
        #expect(driver.isDone)
        #expect(driver.legs.count == 1, "nothing is tried again")
        #expect(driver.response?.status == 200)
        #expect(driver.outcome?.status == 200)
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.outcome?.record?.errorCode == "stream_interrupted")
        #expect(driver.outcome?.usage == Usage(inputTokens: 3, outputTokens: 1, estimated: true))
        let tail = driver.bodyText.dropFirst(Chat.text("Hi").count)
        #expect(tail.hasPrefix("data: {\"error\":{\"message\":\""))
        #expect(tail.hasSuffix("\"type\":\"server_error\",\"param\":null,\"code\":\"stream_interrupted\"}}\n\n"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("half an event is never sent, whatever comes after it")
    func halfEvent() {
        let half = String(Chat.text("never").dropLast(4))
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi") + half).fail()
        #expect(!driver.bodyText.contains("never"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream over its size is cut")
    func streamLimit() {
        var setup = Setup()
        setup.limits.maxUpstreamStreamBytes = 500
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("Hi"))
        for _ in 0..<20 where !driver.isDone { driver.bytes(Chat.text("Hi")) }
        #expect(driver.outcome?.record?.state == .interrupted)
    }

    @Test("a whole body over its size is no answer")
    func bodyLimit() {
        var setup = Setup()
        setup.limits.maxUpstreamBodyBytes = 50
        let driver = Driver(setup).send().connect().head(200, .json).bytes(String(repeating: " ", count: 51))
        #expect(driver.response?.status == 502)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a leg is read only while the client takes bytes")
    func backPressure() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("1"))
        #expect(driver.lastNames.contains("readLeg"))
        driver.tell(.clientWritable(false)).bytes(Chat.text("2"))
        #expect(!driver.lastNames.contains("readLeg"))
        driver.tell(.clientWritable(true))
        #expect(driver.lastNames.contains("readLeg"))
        driver.bytes(Chat.finish + Chat.done)
        #expect(driver.bodyText == Chat.text("1") + Chat.text("2") + Chat.finish + Chat.done)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a comment shows life only after the commit point and only between two events")
    func keepAlive() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.role)
        driver.wait(.seconds(20))
        #expect(driver.body.isEmpty)
        driver.bytes(Chat.text("Hi"))
        driver.wait(.seconds(15))
        #expect(driver.bodyText == Chat.role + Chat.text("Hi") + ": keep-alive\n\n")
        driver.bytes("data: {\"half\"")
        let length = driver.body.count
        driver.wait(.seconds(16))
        #expect(driver.body.count == length, "in the middle of an event nothing is put in")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("comments can be turned off")
    func noKeepAlive() {
        var setup = Setup()
        setup.timeouts.keepAliveComment = .zero
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("Hi"))
        driver.wait(.seconds(29))
        #expect(driver.bodyText == Chat.text("Hi"))
    }

    @Test("the time to the first content is counted from the upstream request")
    func firstToken() {
        let driver = Driver().send(Chat.body(stream: true)).connect()
        driver.env.now += .milliseconds(120)
        driver.head(200, .eventStream).bytes(Chat.role)
        driver.env.now += .milliseconds(30)
        driver.bytes(Chat.text("Hi") + Chat.finish + Chat.done)
        #expect(driver.outcome?.firstToken == .milliseconds(150))
        #expect(driver.outcome?.record?.firstTokenMilliseconds == 150)
    }
}

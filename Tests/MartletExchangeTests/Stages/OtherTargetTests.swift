import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Which target is asked instead") struct OtherTargetTests {
    @Test("a busy target is waited for, then passed over, and the last one is answered as overloaded")
    func busy() {
        let driver = Driver(.pair)
        driver.env.targetSlots = ["one": .full, "two": .full]
        driver.send()
        #expect(driver.openAsk != nil)
        driver.wait(.seconds(1))
        #expect(driver.asks.count == 2)
        driver.wait(.seconds(1))
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == "overloaded")
        #expect(driver.field("retry-after") == "1")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a busy target is not waited for while another one has a free slot")
    func passedOver() {
        let driver = Driver(.pair)
        driver.env.targetSlots = ["one": .full, "two": .granted]
        driver.send()
        #expect(driver.accounts == ["two"] && driver.asks.isEmpty)
        #expect(driver.slots.count == 2, "one of the process, one of the target")
        #expect(driver.trace.entries.contains { $0.code == .skipped && $0.values == (0, 5, 0) })
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.slots.isEmpty && driver.env.openPermits == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a prompt that was too long is passed on to a larger window only, however busy that is")
    func tooLong() {
        let targets = [
            Target.sample("one", contextWindow: 10), .sample("two", contextWindow: 20),
            .sample("three", contextWindow: 10),
        ]
        let driver = Driver(Setup(targets: targets))
        driver.env.targetSlots = ["two": .full]
        let said = #"{"error":{"message":"too long","code":"context_length_exceeded"}}"#
        driver.send().connect().head(400, .json).bytes(said).end()
        #expect(driver.accounts == ["one"] && driver.openAsk != nil, "\(driver.report)")
    }

    @Test("a busy target that was passed over is asked after all when those behind it fail")
    func cameBack() {
        let driver = Driver(.pair)
        driver.env.targetSlots = ["one": .full, "two": .granted]
        driver.send().connect().head(404, .json).end()
        #expect(driver.openAsk != nil && driver.response == nil, "it waits for the first now")
        driver.wait(.seconds(1))
        #expect(driver.response?.status == 502 && driver.accounts == ["two"], "what failed is told")
        #expect(driver.slots.isEmpty && driver.env.openPermits == 0 && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target that cannot be asked at once is no help")
    func takenAhead() {
        let driver = Driver(
            Setup(targets: [.sample("one"), .sample("two", authorization: .sample("two")), .sample("three")])
        )
        driver.env.targetSlots = ["one": .full, "two": .granted, "three": .granted]
        driver.env.credentials = ["two": .failed]
        driver.send()
        #expect(driver.accounts == ["three"], "\(driver.report)")
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.slots.isEmpty && driver.env.openPermits == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("where a credential is refused, the next target of another account is asked, if there is one")
    func otherCredential() {
        let targets = [
            Target.sample("one", model: "a"), .sample("one", model: "b"), .sample("one", model: "c"), .sample("two"),
        ]
        let driver = Driver(Setup(targets: targets)).send()
        driver.serve { attempt in attempt == 1 ? .status(401) : .status(200, Chat.answer) }
        #expect(driver.accounts == ["one", "two"] && driver.response?.status == 200)
        let alone = Driver(Setup(targets: Array(targets.prefix(3)))).send()
        alone.serve { _ in .status(401) }
        #expect(alone.accounts == ["one", "one", "one"] && alone.errorCode == "provider_auth_error")
        #expect(driver.problems.isEmpty && alone.problems.isEmpty, "\(driver.report) \(alone.report)")
    }

    @Test("the ledger is told of each attempt before its request goes out")
    func intents() {
        let driver = Driver(.pair).send().connect()
        #expect(driver.intent?.attempts == 1 && driver.intent?.provider == "one")
        driver.head(401, .json).end().connect()
        #expect(driver.intent?.attempts == 2 && driver.intent?.provider == "two")
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a granted target slot is given back after the attempt, and taken anew for the next one")
    func targetSlots() {
        let driver = Driver(.pair)
        driver.env.targetSlots = ["one": .granted, "two": .granted]
        driver.send()
        #expect(driver.slots.count == 2, "one of the process, one of the target")
        driver.connect().head(401, .json).end()
        #expect(driver.slots.count == 2)
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.slots.isEmpty)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a slot that comes after its wait is over is the performer's to release")
    func lateSlot() throws {
        let driver = Driver(.pair)
        driver.env.targetSlots = ["one": .full, "two": .full]
        driver.send()
        let ask = try #require(driver.openAsk?.id)
        driver.wait(.seconds(1))
        driver.tell(.answer(ask, .slot(SlotID(900))))
        #expect(driver.returnedSlots == [SlotID(900)])
        #expect(driver.last.isEmpty)
    }

    @Test("a local target that turns out to be elsewhere is passed over, and is not at fault")
    func forbiddenOne() {
        let setup = Setup(targets: [.sample("engine", isLocal: true), .sample("two", isLocal: true)], local: .silent)
        let head = ClientHead.chat { $0.gatewayPrivacy = "local_only" }
        let driver = Driver(setup, head: head).send().fail(.forbidden)
        #expect(driver.accounts == ["engine", "two"], "\(driver.report)")
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200 && driver.env.health["engine"]?.isDegraded(driver.env.now) == false)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

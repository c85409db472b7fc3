import MartletCore
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Targets that are left alone") struct HealthStageTests {
    /// A driver with two targets of which some have an open circuit.
    private func driver(
        _ setup: Setup = .pair,
        open: [String],
        ago: Duration = .zero,
        head: ClientHead = .chat()
    ) -> Driver {
        let driver = Driver(setup, head: head)
        for name in open { driver.env.health[name] = .opened(driver.env.now - ago) }
        return driver
    }

    /// Another request tries the first target.
    private func takeTry(_ driver: Driver) {
        let now = driver.env.now
        guard case .granted(let permit)? = driver.env.health["one"]?.admit(now, CircuitBreakerPolicy()) else { return }
        #expect(permit.isTrial)
    }

    private func state(_ driver: Driver, _ account: String) -> CircuitBreaker.State? {
        driver.env.health[account]?.breaker.state(at: driver.env.now)
    }

    private func skips(_ driver: Driver) -> [DecisionTrace.Entry] {
        driver.trace.entries.filter { $0.code == .skipped }
    }

    @Test("a target whose circuit is open is passed over, and the trace says why and for how long")
    func skipped() {
        let driver = driver(open: ["one"], ago: .seconds(1)).send()
        driver.serve { _ in .status(200, Chat.answer) }
        #expect(driver.accounts == ["two"] && driver.response?.status == 200, "\(driver.report)")
        #expect(driver.field("x-gateway-attempts") == "1")
        let skip = skips(driver).first
        #expect(skip?.values.0 == 1 && skip?.values.2 == 4_000)
        #expect(skip?.values.1 == Int32(TargetStanding.Obstacle.circuitOpen.rawValue))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target that is well is asked before those that limit the rate, and these before open circuits")
    func order() {
        let setup = Setup(targets: [.sample("open"), .sample("slow"), .sample("well")])
        let driver = driver(setup, open: ["open"])
        driver.env.cooling = ["slow"]
        driver.send().serve { attempt in attempt < 3 ? .status(401) : .status(200, Chat.answer) }
        #expect(driver.accounts == ["well", "slow"], "\(driver.report)")
        #expect(driver.response?.status == 502)
    }

    @Test("where all others are left alone a stream may take the time of the last one")
    func lastCandidate() {
        let driver = driver(open: ["two"]).send(Chat.body(stream: true)).connect().head(200, .eventStream)
        driver.wait(.seconds(61))
        #expect(driver.response == nil && driver.accounts == ["one"], "\(driver.report)")
        let both = Driver(.pair).send(Chat.body(stream: true)).connect().head(200, .eventStream)
        both.wait(.seconds(61))
        #expect(both.accounts == ["one", "two"], "\(both.report)")
    }

    @Test("what this very failure opened is not asked once more, and takes nothing from the budget")
    func opensItself() {
        let driver = Driver(.pair)
        var health = TargetHealth()
        for _ in 0..<4 {
            guard case .granted(let permit) = health.admit(driver.env.now, CircuitBreakerPolicy()) else { continue }
            let failure = AttemptEnd.failed(AttemptFailure(.serverError))
            health.ended(permit, failure, driver.env.now, CircuitBreakerPolicy(), 0)
        }
        driver.env.health["one"] = health
        driver.send().connect().head(503, .json).bytes("{}").end()
        #expect(driver.accounts == ["one", "two"] && driver.env.retriesTaken.isEmpty, "\(driver.report)")
    }

    @Test("a prompt too long for one target goes to the next larger one that may be asked")
    func largerWindow() {
        let targets = [("one", 8_000), ("two", 32_000), ("three", 128_000)].map {
            Target.sample($0.0, contextWindow: $0.1)
        }
        let driver = driver(Setup(targets: targets), open: []).send().connect()
        // It opens while the first one is asked.
        driver.env.health["two"] = .opened(driver.env.now)
        driver.head(400, .json).bytes(#"{"error":{"message":"Too long","code":"context_length_exceeded"}}"#).end()
        #expect(driver.accounts == ["one", "three"], "\(driver.report)")
    }

    @Test("an only target that limits the rate is asked all the same")
    func onlyCooling() {
        let driver = Driver(Setup())
        driver.env.cooling = ["one"]
        driver.send().serve { _ in .status(200, Chat.answer) }
        #expect(driver.response?.status == 200)
    }

    @Test("when no target may be asked the caller is told at once when to come back, and nobody is dialled")
    func allOpen() {
        let driver = driver(open: ["one", "two"])
        driver.env.health["two"] = .opened(driver.env.now - .milliseconds(2_500))
        driver.send()
        #expect(driver.response?.status == 503 && driver.errorCode == "circuit_open", "\(driver.report)")
        #expect(driver.field("retry-after") == "3" && driver.field("x-should-retry") == "true")
        #expect(driver.legs.isEmpty && driver.intent == nil && driver.outcome?.attempts.isEmpty == true)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("callers of Anthropic's messages get its overloaded error")
    func anthropic() {
        let driver = driver(Setup(), open: ["one"], head: .messages())
        driver.send(Messages.body())
        #expect(driver.response?.status == 529 && driver.bodyText.contains("overloaded_error"), "\(driver.report)")
        #expect(driver.field("retry-after") == "5" && driver.legs.isEmpty)
    }

    @Test("a request that must stay here is told that no local target is healthy")
    func localOnly() {
        let setup = Setup(targets: [.sample("engine", isLocal: true)], local: .silent)
        let head = ClientHead.chat { $0.gatewayPrivacy = "local_only" }
        let driver = driver(setup, open: ["engine"], head: head).send()
        #expect(driver.response?.status == 503 && driver.errorCode == "local_unavailable", "\(driver.report)")
        #expect(driver.field("retry-after") == "5" && driver.legs.isEmpty)
    }

    @Test("a request that failed on one target and may ask no other says how it failed")
    func failedThenOpen() {
        let driver = driver(open: ["two"]).send()
        driver.serve { _ in .status(500) }
        #expect(driver.response?.status == 502 && driver.errorCode == "provider_error", "\(driver.report)")
        #expect(Set(driver.accounts) == ["one"])
    }

    @Test("a prompt that is too long is not sent to a small window behind a large one whose circuit is open")
    func contextThenOpen() {
        let targets = [8, 100, 8].enumerated().map { Target.sample("t\($0.offset)", contextWindow: $0.element) }
        let driver = Driver(Setup(targets: targets)).send()
        driver.connect().head(400, .json).bytes(AttemptTests.contextError)
        // It fails between the plan and the moment when it is needed.
        driver.env.health["t1"] = .opened(driver.env.now)
        driver.end()
        #expect(driver.accounts == ["t0"] && driver.response?.status == 400, "\(driver.report)")
    }

    @Test("no retry follows when the failure opened the circuit")
    func retryAfterOpening() {
        let driver = Driver(.pair).send().connect()
        driver.env.health["one"] = .opened(driver.env.now)
        driver.head(500, .json).end()
        driver.wait(.milliseconds(300)).connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.accounts == ["one", "two"] && driver.response?.status == 200, "\(driver.report)")
    }

    @Test("a target that has healed gets its first request back, and two of them close its circuit")
    func healed() {
        var health = TargetHealth.opened(Instant(nanoseconds: 1_000_000_000))
        for state in [CircuitBreaker.State.halfOpen, .closed] {
            let driver = Driver(.pair)
            driver.env.now += .seconds(6)
            driver.env.health["one"] = health
            driver.send().serve { _ in .status(200, Chat.answer) }
            #expect(driver.accounts == ["one"] && self.state(driver, "one") == state, "\(driver.report)")
            health = driver.env.health["one"] ?? TargetHealth()
        }
    }

    @Test("while one request tries a target, others are not sent there")
    func oneAtATime() {
        let driver = driver(open: ["one"], ago: .seconds(6))
        takeTry(driver)
        driver.send().serve { _ in .status(200, Chat.answer) }
        #expect(driver.accounts == ["two"], "\(driver.report)")
        let only = self.driver(Setup(), open: ["one"], ago: .seconds(6))
        takeTry(only)
        only.send()
        #expect(only.response?.status == 503 && only.field("retry-after") == "1", "\(only.report)")
    }

    @Test(
        "a try gives its place back when its client leaves, in every phase",
        arguments: ["queued", "dialing", "sent", "head", "gate", "relay"]
    )
    func clientLeaves(phase: String) {
        let driver = driver(Setup(), open: ["one"], ago: .seconds(6))
        if phase == "queued" { driver.env.targetSlots = ["one": .full] }
        driver.send(Chat.body(stream: true))
        if phase != "queued", phase != "dialing" { driver.connect() }
        if phase == "head" { driver.head(200, .eventStream) }
        if phase == "gate" { driver.head(200, .eventStream).bytes(Chat.role) }
        if phase == "relay" { driver.head(200, .eventStream).bytes(Chat.role + Chat.text("Hi")) }
        driver.tell(.clientGone)
        #expect(driver.isDone && driver.problems.isEmpty, "\(driver.report)")
        #expect(state(driver, "one") == .halfOpen)
        #expect(driver.env.health["one"]?.breaker.isBeingTried(at: driver.env.now) == false)
    }

    @Test(
        "a try gives its place back when a slot, a credential or a time is refused",
        arguments: ["slot", "credential", "drain"]
    )
    func givenBack(cause: String) throws {
        let setup = Setup(targets: [.sample("one", authorization: .sample("one"))])
        let driver = driver(setup, open: ["one"], ago: .seconds(6))
        switch cause {
        case "slot":
            driver.env.targetSlots = ["one": .full]
            driver.send().wait(.seconds(2))
        case "credential":
            driver.env.credentials = ["one": .failed]
            driver.send()
        default: driver.send().tell(.drain)
        }
        #expect(driver.isDone && driver.problems.isEmpty, "\(driver.report)")
        #expect(driver.env.health["one"]?.breaker.isBeingTried(at: driver.env.now) == false)
        #expect(state(driver, "one") == .halfOpen)
    }

    @Test("a stream that tries a target lets others try it from its first content on")
    func streamTries() {
        let driver = driver(Setup(), open: ["one"], ago: .seconds(6))
        driver.send(Chat.body(stream: true)).stream(Chat.role)
        #expect(driver.env.health["one"]?.breaker.isBeingTried(at: driver.env.now) == true)
        driver.bytes(Chat.text("Hi"))
        #expect(driver.env.health["one"]?.breaker.isBeingTried(at: driver.env.now) == false)
        driver.bytes(Chat.finish + Chat.done)
        #expect(state(driver, "one") == .halfOpen, "one stream is one success")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that breaks off is a failure of its target; one whose client leaves is none")
    func broken() {
        let cut = Driver().send(Chat.body(stream: true)).stream(Chat.role + Chat.text("Hi")).fail(.closed)
        #expect(cut.env.ends == [.failed(AttemptFailure(.reset))], "\(cut.report)")
        let left = Driver().send(Chat.body(stream: true)).stream(Chat.role + Chat.text("Hi")).tell(.clientGone)
        #expect(left.env.ends == [.abandoned])
        let drained = Driver().send(Chat.body(stream: true)).stream(Chat.role + Chat.text("Hi")).tell(.drain)
        #expect(drained.env.ends == [.abandoned])
    }

    @Test("a target that is silent to the end of the request's time has failed; one that began late has not")
    func silent() {
        let silent = Driver().send().connect().wait(.seconds(600))
        #expect(silent.response?.status == 504 && silent.env.ends == [.failed(AttemptFailure(.timeout))])
        var setup = Setup()
        setup.timeouts.total = .seconds(1)
        let short = Driver(setup).send().connect().wait(.seconds(1))
        #expect(short.response?.status == 504 && short.env.ends == [.failed(AttemptFailure(.timeout))])
        let late = Driver(Setup(timeouts: setup.timeouts)).send()
        late.wait(.milliseconds(500)).connect().wait(.milliseconds(500))
        #expect(late.response?.status == 504 && late.env.ends == [.abandoned], "\(late.report)")
    }

    @Test("what an answer took is measured: streams by their first content, whole answers by their length")
    func measured() {
        let driver = Driver().send(Chat.body(stream: true)).connect().head(200, .eventStream)
        driver.wait(.milliseconds(500)).bytes(Chat.role + Chat.text("Hi")).wait(.seconds(1))
        driver.bytes(Chat.finish + Chat.usage + Chat.done)
        guard case .succeeded(.stream(let first, let rest, let tokens)?)? = driver.env.ends.first else {
            Issue.record("\(driver.env.ends) \(driver.report)")
            return
        }
        #expect(first == .milliseconds(500) && rest == .seconds(1) && tokens > 0)
        let whole = Driver().send().connect().head(200, .json).wait(.seconds(2)).bytes(Chat.answer).end()
        guard case .succeeded(.whole(.seconds(2), let count)?)? = whole.env.ends.first else {
            Issue.record("\(whole.env.ends) \(whole.report)")
            return
        }
        #expect(count > 0)
    }
}

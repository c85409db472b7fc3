import MartletCore
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore

@testable import MartletExchange

/// One seeded history of a request: whatever may happen next does, in any order.
final class World {
    let seed: UInt64
    let driver: Driver
    private var random: SeededNumbers
    private let requestBody: [UInt8]
    private var sentBody = 0
    private let isStream: Bool
    private let wantsUsage: Bool
    private var hasEndedBody = false
    private var scripts: [LegID: Script] = [:]
    /// What a client may see of each upstream that was connected.
    private var possibleBodies: [String] = []
    /// Those of them that are complete: with an end, and with or without the usage that follows it.
    private var completeBodies: [String] = []
    private var clientIsWritable = true
    /// Whether two legs were connected at once.
    private(set) var hadTwoLegs = false

    /// What an upstream says on one connection.
    struct Script {
        var head: UpstreamHead
        var bytes: ArraySlice<UInt8>
        var sentHead = false
    }

    init(seed: UInt64, tape: Tape? = nil) {
        self.seed = seed
        var random = SeededNumbers(seed: seed)
        isStream = random.chance(70)
        wantsUsage = random.chance(30)
        let options = wantsUsage ? ",\"stream_options\":{\"include_usage\":true}" : ""
        let model = random.chance(4) ? "mock" : random.chance(4) ? "unknown" : "gpt-test"
        let text = Chat.body(stream: isStream, model: model, extra: options)
        requestBody = Array((random.chance(3) ? String(text.dropLast()) : text).utf8)
        let isLocalOnly = random.chance(8)
        let head = ClientHead.chat { head in
            head.contentLength = nil
            head.isChunked = true
            if isLocalOnly { head.gatewayPrivacy = "local_only" }
        }
        driver = Driver(Self.setup(&random), head: head, seed: seed, tape: tape)
        driver.env.fixedRandom = random.chance(50) ? 0 : nil
        driver.env.retryRoom = !random.chance(10)
        if random.chance(15) { driver.env.auth = .mustAsk }
        if random.chance(15) { driver.env.admission = random.chance(20) ? .keyFull : .processFull }
        for name in ["one", "two", "engine"] where random.chance(30) {
            driver.env.targetSlots[name] = random.chance(40) ? .full : .granted
        }
        for name in ["one", "two", "engine"] where random.chance(40) {
            driver.env.credentials[name] = random.chance(70) ? .mustAsk : .failed
        }
        if random.chance(5) { driver.env.byteLimit = 50 }
        if random.chance(5) { driver.env.draining = true }
        if random.chance(10) { driver.env.cooling = ["one"] }
        for name in ["one", "two", "engine"] where random.chance(20) {
            // Open for some seconds more, or waiting for a try.
            driver.env.health[name] = .opened(driver.env.now - .milliseconds(random.below(10_000)))
        }
        if random.chance(30) { driver.env.points.insert(.quota) }
        if random.chance(50) { driver.env.points.insert(.settlements) }
        if random.chance(50) { driver.env.terms.failureMode = .open }
        if random.chance(20) {
            driver.env.points.insert(.targets)
            driver.env.policy = Self.policies[random.below(Self.policies.count)]
        }
        self.random = random
    }

    /// What programs may say of targets, sense or nonsense.
    private static let policies: [@Sendable (GatewayRequest, [TargetOption]) -> TargetDecision] = [
        { _, _ in .unchanged },
        { _, options in .use(options.reversed()) },
        { _, options in .use(options.filter { !$0.isLocal }) },
        { _, options in .use(options.suffix(1) + options.suffix(1) + [TargetOption(id: 99, provider: "x", model: "y")])
        },
        { _, _ in .use([TargetOption(id: -1, provider: "x", model: "y")]) },
        { _, _ in .refuse(Refusal(.forbidden, "Not there.")) },
    ]

    private static func setup(_ random: inout SeededNumbers) -> Setup {
        var setup = Setup(targets: [.sample("one")])
        if random.chance(60) { setup.targets.append(.sample("two", contextWindow: 100)) }
        if random.chance(40) { setup.targets.append(.sample("engine", isLocal: true)) }
        if random.chance(20) {
            setup.targets[0] = .sample(
                "one",
                contextWindow: 50,
                timeouts: TargetTimeouts(connect: .seconds(2), total: .seconds(25), firstToken: .seconds(5))
            )
        }
        if random.chance(30) {
            let index = random.below(setup.targets.count)
            let name = setup.targets[index].account.rawValue
            setup.targets[index] = .sample(name, isLocal: name == "engine", authorization: .sample(name))
        }
        if random.chance(20) { setup.timeouts.responseHead = .seconds(4) }
        if random.chance(85) {
            setup.hedge.isEnabled = true
            setup.hedge.delay = .milliseconds(1 + random.below(40))
        }
        if random.chance(20) { setup.streams.isHeldBack = true }
        if random.chance(50) {
            setup.streams.isStitched = true
            var quirks = Quirks()
            quirks.continuation = .plain
            if setup.targets.count > 1 { setup.targets[1] = .sample("two", quirks: quirks) }
        }
        if random.chance(10) { setup.timeouts.keepAliveComment = .zero }
        if random.chance(10) { setup.limits.maxGateBytes = 300 }
        if random.chance(10) { setup.limits.maxUpstreamStreamBytes = 900 }
        if random.chance(10) { setup.limits.maxUpstreamBodyBytes = 100 }
        return setup
    }

    /// Lives the history to its end, and tells what went wrong.
    func run() -> [String] {
        driver.begin()
        for _ in 0..<400 where !driver.isDone { step() }
        if !driver.isDone {
            if random.chance(50) { driver.tell(.clientGone) } else { driver.wait(.seconds(2_000)) }
        }
        var problems = driver.problems
        if !driver.isDone { problems.append("did not end") }
        if let problem = checkBody() { problems.append(problem) }
        // Nothing that comes late does anything.
        driver.tell(.timer).tell(.clientGone).tell(.drain)
        for id in scripts.keys { driver.tell(.legBytes(id, ByteBuffer(string: Chat.done))).tell(.legEnd(id)) }
        return driver.problems.isEmpty ? problems : driver.problems
    }

    private func step() {
        if driver.legs.values.count(where: { $0.state == .sent }) > 1 { hadTwoLegs = true }
        let roll = random.below(1_000)
        switch roll {
        case 0..<6: driver.tell(.clientGone)
        case 6..<8: driver.tell(.clientBroke(GatewayError(.badRequest, "Bad framing.")))
        case 8..<10: driver.tell(.drain)
        case 10..<40:
            clientIsWritable.toggle()
            driver.tell(.clientWritable(clientIsWritable))
        case 40..<60: driver.tell(.timer)
        case 60..<90: pass(.milliseconds(random.below(3_000)))
        case 90..<100: pass(.seconds(random.below(70)))
        case 100..<110: driver.env.now += .milliseconds(random.below(5_000))
        case 110..<120: strayEvent()
        case 120..<140, 170..<260: pass(.milliseconds(random.below(400)))
        case 140..<150: driver.env.draining.toggle()
        case 150..<160:
            let known = [CredentialAnswer.ready, .ready, .mustAsk, .failed]
            for name in ["one", "two", "engine"] { driver.env.credentials[name] = known[random.below(4)] }
        case 160..<170:
            for name in ["one", "two", "engine"] { driver.env.targetSlots[name] = random.chance(80) ? .granted : .full }
        default: progress()
        }
    }

    private func pass(_ time: Duration) { driver.wait(time) }

    /// Something that the exchange waits for comes.
    private func progress() {
        var choices: [() -> Void] = []
        if driver.wantsClient { choices.append(clientSends) }
        if let ask = driver.openAsk { choices.append { [self] in answer(ask.id, ask.ask) } }
        for (id, leg) in driver.legs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            if leg.state == .dialing { choices.append { [self] in dialed(id) } }
            if leg.state == .sent { choices.append { [self] in upstreamSends(id, leg) } }
        }
        guard !choices.isEmpty else { return driver.fireTimer() }
        choices[random.below(choices.count)]()
    }

    private func clientSends() {
        let left = requestBody.count - sentBody
        guard left > 0 else {
            driver.tell(.clientEnd)
            return
        }
        let size = random.chance(50) ? left : 1 + random.below(left)
        driver.tell(.clientBytes(ByteBuffer(bytes: requestBody[sentBody..<sentBody + size])))
        sentBody += size
    }

    private func answer(_ id: AskID, _ ask: Ask) {
        switch ask {
        case .authenticate:
            let found = AuthAnswer.principal(Principal(key: APIKeyID("k"), scopes: [.inference]))
            driver.tell(
                .answer(id, .authenticated(random.chance(85) ? found : random.chance(50) ? .refused : .unavailable))
            )
        case .slot:
            let slot = SlotID(UInt16.max - id.rawValue)
            driver.tell(.answer(id, .slot(random.chance(70) ? slot : nil)))
        case .messageAccount:
            driver.tell(.answer(id, .messageAccount(random.chance(70) ? AccountName("one") : nil)))
        case .compute(let work): driver.tell(.answer(id, .computed(work.run())))
        case .credential:
            let found = [CredentialAnswer.ready, .ready, .ready, .failed]
            driver.tell(.answer(id, .credential(found[random.below(4)])))
        case .quota: driver.tell(.answer(id, .quota(decision())))
        case .page, .control, .fetchMedia, .history, .storedResponse, .spool: break
        }
    }

    private func decision() -> QuotaAnswer {
        switch random.below(8) {
        case 0: .failed
        case 1: .decided(.refuse(Refusal(.quotaExceeded, "Used up.", retryAfterSeconds: 60)))
        case 2...4: .decided(.charge(PriceAdjustment(multiplierPerMillion: 2_000_000, surcharge: 500)))
        default: .decided(.allow)
        }
    }

    private func dialed(_ id: LegID) {
        switch random.below(20) {
        case 0..<3: driver.tell(.legFailed(id, .connect))
        case 3: driver.tell(.legFailed(id, .closed))
        case 4 where random.chance(20): driver.tell(.legFailed(id, .forbidden))
        default:
            let script = makeScript()
            scripts[id] = script
            driver.tell(.legConnected(id, reused: random.chance(40)))
        }
    }

    private func upstreamSends(_ id: LegID, _ leg: Driver.Leg) {
        guard var script = scripts[id] else { return }
        if random.chance(4) {
            driver.tell(.legFailed(id, [.closed, .closed, .framing, .connect][random.below(4)]))
            return
        }
        guard leg.wantsRead else { return }
        // One read may bring the head, bytes and the end at once.
        if !script.sentHead {
            script.sentHead = true
            scripts[id] = script
            driver.tell(.legHead(id, script.head))
            if random.chance(50) { return }
        }
        guard driver.legs[id]?.isLive == true, driver.legs[id]?.wantsRead == true else { return }
        if !script.bytes.isEmpty {
            let left = script.bytes.count
            let size = random.chance(30) ? left : 1 + random.below(min(left, 90))
            let bytes = script.bytes.prefix(size)
            script.bytes = script.bytes.dropFirst(size)
            scripts[id] = script
            driver.tell(.legBytes(id, ByteBuffer(bytes: bytes)))
            if random.chance(50) || !script.bytes.isEmpty { return }
        }
        guard driver.legs[id]?.isLive == true, script.bytes.isEmpty else { return }
        driver.tell(.legEnd(id))
    }

    private func strayEvent() {
        let id = LegID(UInt16(random.below(4)))
        if driver.legs[id]?.isLive == true { return }
        switch random.below(6) {
        case 0: driver.tell(.legConnected(id, reused: true))
        case 1: driver.tell(.legHead(id, UpstreamHead(status: 200, media: .eventStream)))
        case 2: driver.tell(.legBytes(id, ByteBuffer(string: Chat.text("stray") + Chat.done)))
        case 3: driver.tell(.legEnd(id))
        case 4: driver.tell(.legFailed(id, .closed))
        default:
            // A late answer, with a slot that belongs to nobody any more.
            let ask = AskID(UInt16(random.below(4)))
            if driver.exchange.waits(for: ask) { return }
            driver.tell(.answer(ask, .slot(SlotID(UInt16(1_000 + random.below(1_000))))))
        }
    }

    private func makeScript() -> Script {
        switch random.below(14) {
        case 0: return error([400, 404, 409][random.below(3)], "{\"error\":{\"message\":\"no\"}}")
        case 1: return error([401, 402, 403, 418][random.below(4)], "{}")
        case 2: return error([500, 503, 529, 408][random.below(4)], "oops")
        case 3:
            return error(429, "{\"error\":{\"message\":\"slow\"}}", retryAfter: random.chance(50) ? .seconds(2) : nil)
        case 4: return error(400, AttemptTests.contextError)
        case 5: return Script(head: UpstreamHead(status: 200, media: .other), bytes: Array("<html>".utf8)[...])
        case 6:
            let head = UpstreamHead(status: 200, media: isStream ? .eventStream : .json)
            return Script(head: head, bytes: Array((isStream ? Chat.error : "{\"error\":\"x\"}").utf8)[...])
        default: return isStream ? stream() : whole()
        }
    }

    private func error(_ status: Int, _ body: String, retryAfter: Duration? = nil) -> Script {
        Script(
            head: UpstreamHead(status: status, media: .json, retryAfter: retryAfter),
            bytes: Array(body.utf8)[...]
        )
    }

    private func whole() -> Script {
        possibleBodies.append(Chat.answer)
        let cut = random.chance(15)
        let text = cut ? String(Chat.answer.dropLast(1 + random.below(40))) : Chat.answer
        return Script(head: UpstreamHead(status: 200, media: .json), bytes: Array(text.utf8)[...])
    }

    /// A stream with anything in it that upstreams send, whole or broken.
    private func stream() -> Script {
        var sent = ""
        var seen = ""
        func add(_ event: String, isSeen: Bool = true) {
            sent += event
            if isSeen { seen += event }
        }
        if random.chance(80) { add(Chat.role) }
        for index in 0..<random.below(8) {
            if random.chance(20) { add(random.chance(50) ? Chat.ping : ": \r\n\r\n") }
            add(Chat.text("word-\(random.below(100))-\(index)"))
            if random.chance(3) { add(Chat.error, isSeen: false) }
            if random.chance(3) { add("data: {\"broken\n\n", isSeen: false) }
        }
        if random.chance(85) {
            add(Chat.finish)
            completeBodies += [seen, seen + Chat.usage]
        }
        if random.chance(80) { add(Chat.usage, isSeen: wantsUsage) }
        if random.chance(80) { add(Chat.done, isSeen: false) }
        possibleBodies.append(seen)
        if random.chance(15) { sent = String(sent.dropLast(1 + random.below(sent.utf8.count))) }
        return Script(head: UpstreamHead(status: 200, media: .eventStream), bytes: Array(sent.utf8)[...])
    }

    /// What the client got of an answer is what one upstream said: all of it, or its beginning and an error event.
    private func checkBody() -> String? {
        guard driver.response?.status == 200, let state = driver.outcome?.record?.state else { return nil }
        if driver.outcome?.provider == "mock" { return nil }
        // Written anew from what two upstreams said; tests of their own compare it.
        if driver.snapshot.streams.isStitched, isStream { return nil }
        let comment = ": keep-alive\n\n"
        var text = driver.bodyText
        var cleaned = ""
        while let range = text.firstRange(of: comment) {
            let before = text[..<range.lowerBound]
            if !before.isEmpty, !before.hasSuffix("\n\n"), !before.hasSuffix("\r\n\r\n") {
                return "a comment in the middle of an event"
            }
            cleaned += before
            text = String(text[range.upperBound...])
        }
        text = cleaned + text
        guard isStream else {
            return possibleBodies.contains(text) ? nil : "a body that no upstream sent: \(text)"
        }
        switch state {
        case .settled:
            guard text.hasSuffix(Chat.done) else { return "no end mark" }
            let content = String(text.dropLast(Chat.done.count))
            return completeBodies.contains(content) ? nil : "a stream that no upstream sent in full: \(content)"
        default:
            let end = text.firstRange(of: "data: {\"error\":{\"message\":\"The ")?.lowerBound ?? text.endIndex
            let content = String(text[..<end])
            return possibleBodies.contains { $0.utf8.starts(with: content.utf8) }
                ? nil : "not the start of a stream: \(content)"
        }
    }
}

extension SeededNumbers {
    /// A number from 0 up to, not including, `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % max(1, bound) }

    /// True in so many of a hundred cases.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

import MartletCore
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore

@testable import MartletExchange

/// Performs what an exchange asks for, synchronously and without a socket, and checks at each step what must always hold.
final class Driver {
    var env: TestEnvironment
    var exchange: Exchange
    private var list = ActionList()

    /// What the last event led to.
    private(set) var last: [ExchangeAction] = []
    /// Everything that happened, for failure messages.
    private(set) var history: [String] = []
    /// Broken rules; empty in every right history.
    private(set) var problems: [String] = []

    private(set) var response: ResponseHead?
    private(set) var body: [UInt8] = []
    private(set) var outcome: Outcome?
    private(set) var intent: LedgerRecord?
    private(set) var kept: [AnswerToKeep] = []
    private(set) var legs: [LegID: Leg] = [:]
    private(set) var asks: [(id: AskID, ask: Ask)] = []
    /// Messages whose account is to be remembered.
    private(set) var remembered: [(id: String, key: APIKeyID, account: AccountName)] = []
    private(set) var timer: Instant?
    private(set) var wantsClient = false
    private(set) var continued = false
    private(set) var hasEnded = false
    private(set) var wasAborted = false
    private(set) var slots: Set<SlotID> = []
    private(set) var returnedSlots: Set<SlotID> = []
    private var clientIsWritable = true
    private var settles = 0

    /// Read by themselves: an expectation cannot look into what cannot be copied.
    var isDone: Bool { exchange.isDone }
    var recordID: RecordID { exchange.id }
    var requestID: RequestID { exchange.requestID }
    var trace: DecisionTrace { exchange.trace }
    var snapshot: Snapshot { exchange.snapshot }
    /// What observers were told.
    private(set) var settlement: Settlement?

    /// A leg as the performer sees it.
    struct Leg {
        var target: Target
        var state = State.dialing
        var wantsRead = false
        var dials = 1
        var isFresh = false
        var deadline: Instant
        var request: UpstreamRequest?
        /// What the upstream will say, for tests that script it.
        var script: UpstreamScript?
        var offset = 0

        enum State { case dialing, connected, sent, ended, cancelled }

        var isLive: Bool { state == .dialing || state == .connected || state == .sent }
    }

    init(_ setup: Setup = Setup(), head: ClientHead = .chat(), seed: UInt64 = 1, random: UInt64? = 0, tape: Tape? = nil)
    {
        var env = TestEnvironment(setup.snapshot, seed: seed, tape: tape)
        env.fixedRandom = random
        exchange = Exchange(head: head, &env)
        self.env = env
    }

    /// Tells one event and performs what follows.
    @discardableResult
    func tell(_ event: ExchangeEvent) -> Driver {
        let wasDone = exchange.isDone
        before(event)
        history.append("\(env.now - env.start) \(event.text)")
        env.tape?.frames.append(.init(event: event, now: env.now, wall: env.wallMilliseconds))
        list.removeAll()
        exchange.handle(event, &env, into: &list)
        finishStep(wasDone: wasDone)
        return self
    }

    private func finishStep(wasDone: Bool) {
        last = list.items
        slots.formUnion(env.newSlots)
        env.newSlots = []
        if wasDone, !last.isEmpty { problem("\(last.count) actions after the end") }
        if let tape = env.tape, !tape.frames.isEmpty {
            tape.frames[tape.frames.count - 1].actions = last.map { $0.text(since: env.start) }
        }
        for action in last { perform(action) }
        if !exchange.isDone { checkWaiting() } else if !wasDone { checkEnd() }
    }

    /// What the performer knows before the exchange is told.
    private func before(_ event: ExchangeEvent) {
        switch event {
        case .clientBytes, .clientEnd: wantsClient = false
        case .clientWritable(let writable): clientIsWritable = writable
        case .legConnected(let leg, _): if legs[leg]?.state == .dialing { legs[leg]?.state = .connected }
        case .legHead(let leg, _), .legBytes(let leg, _): legs[leg]?.wantsRead = false
        case .legEnd(let leg), .legFailed(let leg, _): if legs[leg]?.isLive == true { legs[leg]?.state = .ended }
        case .answer(let ask, .slot(let slot?)):
            if exchange.waits(for: ask) { slots.insert(slot) } else { returnedSlots.insert(slot) }
        case .timer: timer = nil
        default: break
        }
    }

    private func perform(_ action: ExchangeAction) {
        checkOrder(action)
        switch action {
        case .readClient: wantsClient = true
        case .sendContinue: continued = true
        case .respond(let head): response = head
        case .body(let bytes): body += bytes.readableBytesView
        case .endBody: hasEnded = true
        case .abort: wasAborted = true
        case .dial(let leg, let target, let privacy, let fresh, let deadline):
            dial(leg, target, privacy, fresh, deadline)
        case .sendUp(let leg, let request):
            if legs[leg]?.state != .connected { problem("request sent on leg \(leg.rawValue), which is not connected") }
            legs[leg]?.state = .sent
            legs[leg]?.request = request
        case .readLeg(let leg):
            legs[leg]?.wantsRead = true
        case .cancelLeg(let leg):
            if legs[leg]?.isLive == true { legs[leg]?.state = .cancelled }
        case .ask(let id, let ask): asks.append((id, ask))
        case .setTimer(let instant): timer = timer.map { min($0, instant) } ?? instant
        case .releaseSlot(let slot):
            if slots.remove(slot) == nil { problem("slot \(slot.rawValue) released that is not held") }
        case .rememberMessage(let id, let key, let account):
            if hasEnded { problem("a message remembered after the answer") }
            remembered.append((id, key, account))
        case .record(let record): recorded(record)
        case .keep(let answer): kept.append(answer)
        case .settle(let outcome): settled(outcome)
        case .observe(let settlement): observed(settlement)
        }
    }

    private func dial(
        _ leg: LegID,
        _ target: Target,
        _ privacy: PrivacyClass,
        _ fresh: Bool,
        _ deadline: Instant
    ) {
        if legs[leg]?.isLive == true { problem("leg \(leg.rawValue) dialled while it lives") }
        if privacy == .localOnly, !target.isLocal { problem("local content dialled to \(target.account)") }
        let dials = legs[leg]?.dials ?? 0
        legs[leg] = Leg(target: target, dials: dials + 1, isFresh: fresh, deadline: deadline)
    }

    private func recorded(_ record: LedgerRecord) {
        if record.state != .intent { problem("a record that is no intent outside of settle") }
        // One for each attempt, so that the last one says what has been asked for by then.
        if let intent, record.attempts <= intent.attempts { problem("a second intent of one attempt") }
        if record.id != exchange.id { problem("an intent with another id") }
        intent = record
    }

    private func settled(_ outcome: Outcome) {
        settles += 1
        if settles > 1 { problem("settled \(settles) times") }
        self.outcome = outcome
        if intent != nil, outcome.record == nil { problem("an intent without an ending") }
        if let record = outcome.record {
            if intent == nil, record.state == .settled { problem("an answer without an intent") }
            if record.id != exchange.id { problem("an ending with another id") }
            if record.state == .intent { problem("an intent as an ending") }
        }
    }

    private func observed(_ settlement: Settlement) {
        if self.settlement != nil { problem("observers were told twice") }
        if outcome == nil { problem("observers were told before the settle") }
        if settlement.cost != outcome?.cost?.rawValue { problem("observers were told another cost") }
        if settlement.isRecorded != (outcome?.record != nil) { problem("observers were told of another record") }
        self.settlement = settlement
    }

    /// Rules about the order of actions.
    private func checkOrder(_ action: ExchangeAction) {
        let isSettled = outcome != nil
        switch action {
        case .respond:
            if response != nil { problem("a second answer") }
        case .body(let bytes):
            if response == nil { problem("body before the head") }
            if hasEnded || wasAborted { problem("body after the end") }
            if !isSettled, String(buffer: bytes).contains("[DONE]") { problem("the end mark before settle") }
        case .endBody:
            if response == nil { problem("an end before the head") }
            if hasEnded { problem("a second end") }
            if !isSettled { problem("an end before settle") }
        case .dial, .sendUp:
            let isStitched = exchange.snapshot.streams.isStitched
            if response != nil, !isStitched { problem("an attempt after the commit point") }
            if isSettled { problem("an attempt after settle") }
            if case .sendUp = action, intent == nil { problem("a request sent before the intent") }
        case .readLeg(let leg):
            if legs[leg]?.isLive != true, legs[leg]?.state != .ended {
                problem("leg \(leg.rawValue) read, which is gone")
            }
            // What goes on after a break is gated again, within the bounds of the gate.
            let isGated = exchange.call?.stitch != nil && exchange.call?.winner == nil
            if response != nil, !clientIsWritable, !isGated { problem("a leg read while the client takes nothing") }
        case .ask, .setTimer, .record, .readClient, .sendContinue, .rememberMessage:
            if isSettled { problem("\(action.text(since: env.start)) after settle") }
        case .keep:
            if hasEnded { problem("an answer is kept after its end, when the next request may look for it") }
        case .abort, .cancelLeg, .releaseSlot, .settle, .observe: break
        }
    }

    /// Rules about a state in which the exchange waits: something must be able to wake it.
    private func checkWaiting() {
        if outcome != nil { problem("settled, but not done") }
        let waits =
            wantsClient || timer != nil || openAsk != nil
            || legs.values.contains { $0.state == .dialing || ($0.isLive && $0.wantsRead) }
        if !waits { problem("waits for nothing") }
    }

    /// Rules about the end.
    private func checkEnd() {
        if settles != 1 { problem("done with \(settles) settles") }
        if env.heldBytes != 0 { problem("\(env.heldBytes) bytes are still held") }
        if env.openPermits != 0 { problem("\(env.openPermits) leaves to ask a target were not handed back") }
        if !slots.isEmpty { problem("slots \(slots.map(\.rawValue)) are still held") }
        let isSettled = outcome?.record?.state == .settled
        for (id, leg) in legs where leg.isLive {
            // The leg that answered has no more to say; its connection goes back or is closed with the exchange.
            if !isSettled || leg.state != .sent { problem("leg \(id.rawValue) is left \(leg.state)") }
        }
        if legs.values.filter(\.isLive).count > 1 { problem("more than one leg is left") }
        if response != nil, !hasEnded, !wasAborted { problem("an answer without an end") }
        if response == nil, !wasAborted { problem("no answer") }
        checkObserved()
        checkBodyEnd()
    }

    /// Whoever was asked for leave, or had an attempt made, is told of.
    private func checkObserved() {
        let wasAsked = asks.contains { if case .quota = $0.ask { true } else { false } }
        guard env.points.contains(.settlements) else {
            if settlement != nil { problem("observers were told that do not exist") }
            return
        }
        if settlement == nil, wasAsked || intent != nil || !legs.isEmpty { problem("observers were not told") }
    }

    private func checkBodyEnd() {
        // Only chat completions end with this mark.
        guard response?.contentType == "text/event-stream", exchange.format.answer == .openAIChat,
            exchange.passThrough == nil
        else { return }
        let text = bodyText
        let state = outcome?.record?.state
        if let error = text.firstRange(of: "data: {\"error\""), state != .settled {
            let rest = text[error.lowerBound...]
            if rest.contains("[DONE]") || rest.contains("finish_reason") { problem("an end mark after an error event") }
        }
        if state != .settled, text.contains("[DONE]") { problem("the end mark of a stream that is not complete") }
        let isResponses = exchange.format.answer == .openAIResponses
        if state == .settled, !isResponses, !text.hasSuffix("data: [DONE]\n\n") {
            problem("a complete stream without its end mark")
        }
    }

    private func problem(_ text: String) { problems.append(text) }

    /// The ask that is waited for.
    var openAsk: (id: AskID, ask: Ask)? { asks.last.flatMap { exchange.waits(for: $0.id) ? $0 : nil } }

    /// The answer's body as text.
    var bodyText: String { String(decoding: body, as: UTF8.self) }

    /// The events and the actions so far, for failure messages.
    var report: String { (problems + ["--"] + history.suffix(60)).joined(separator: "\n") }
}

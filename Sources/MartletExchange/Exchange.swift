public import MartletCore
import MartletDialects
import MartletExtensions
import MartletGovernance
public import MartletRouting
import MartletWire
import NIOCore

/// One client request from its head to its end, as a value: events go in, actions come out.
///
/// The stages, in order; each is one file in `Stages/`:
///
/// | Stage | Does | Waits for |
/// |---|---|---|
/// | receive | head limits, path → endpoint | – |
/// | authenticate | key → principal; sheds | a look-up, when the key is not known yet |
/// | scan | body under limits; strict check and facts in one pass | the body |
/// | prepare | what is the same for every target | a history, when one is named |
/// | plan | model and route → ordered targets | – |
/// | lookup | idempotency and response cache | – |
/// | admit | process and key slots; the queue; a quota of the program around it | a slot, a decision |
/// | attempt | target slot; dial, send, gate on the first event; retry, fail over | the upstream |
/// | relay | bytes through; watches usage and end | the upstream and the client |
/// | settle | usage, cost and outcome, exactly once | – |
///
/// It cannot be copied: it has some hundred references, and a method that changes nothing would be handed a copy of it by
/// one that does.
public struct Exchange: ~Copyable {
    /// The gateway's own id of the request.
    public let id: RecordID
    /// The id shown in `x-request-id`: the client's own if it is well formed.
    public let requestID: RequestID
    /// The configuration this request runs on, to its end.
    public let snapshot: Snapshot
    /// Where the request is.
    public internal(set) var stage = Stage.receive

    let head: ClientHead
    let receivedAt: Instant
    let receivedWall: UInt64
    let surface: Surface
    var endpoint: EndpointKind?
    var principal: Principal?
    /// What the caller speaks; of meaning for inference only.
    var format = CallerFormat(.openAIChat)
    var body = RequestBody()
    var facts = RequestFacts()
    /// The request as values; made when a target needs it.
    var typedRequest: Boxed<ChatRequest>?
    /// What only requests in OpenAI's responses have.
    var responses: Boxed<ResponsesCall>?
    /// The request for the attempt that begins, when it had to be translated; its leg takes it over.
    var translated: Boxed<TranslatedRequest>?
    /// What becomes of a request for vectors; `nil` for all others.
    var embedding: Boxed<EmbeddingRun>?
    var privacy = PrivacyClass.open
    var plan: Plan?
    var slots = HeldSlots()
    var call: Call?
    var answer = AnswerState()
    var deadlines = Deadlines()
    var heldBack: HeldBack?
    /// What the request says about its route and may not, by its names.
    var ignoredOverrides: Boxed<[String]>?
    /// What answers cost that the caller did not get.
    var spent: Boxed<Spent>?
    /// The price that the request was let in at, where it is not the usual one.
    var adjustment: Boxed<PriceAdjustment>?
    var pendingAsk: AskID?
    var nextAsk: UInt16 = 0
    var trace: DecisionTrace
    var clientIsWritable = true
    var bodyComplete: Instant?

    /// The ten stages, and the end.
    public enum Stage: UInt8, Sendable, CaseIterable {
        case receive, authenticate, scan, prepare, plan, lookup, admit, attempt, relay, settle, done
    }

    /// Begins with a request head; nothing happens until it is handled as an event.
    public init(head: ClientHead, _ env: inout some ExchangeEnvironment) {
        self.head = head
        receivedAt = env.now
        trace = DecisionTrace(since: receivedAt)
        receivedWall = env.wallMilliseconds
        id = RecordID(unixMilliseconds: receivedWall, random: (env.random(), env.random()))
        requestID = RequestID(head.requestID, else: id)
        snapshot = env.snapshot
        surface = PathMatcher.surface(of: head)
    }

    /// Whether the request asks for inference.
    var isInference: Bool { endpoint?.isInference ?? false }

    /// Whether nothing will follow: the exchange has settled.
    public var isDone: Bool { stage == .done }

    /// Takes one event and appends what is to be done.
    ///
    /// Events of legs, asks and timers that are no longer waited for are ignored, whatever their order.
    public mutating func handle(
        _ event: ExchangeEvent,
        _ env: inout some ExchangeEnvironment,
        into actions: inout ActionList
    ) {
        guard stage != .done else { return }
        trace.now = env.now
        switch event {
        case .clientHead:
            receive(&env, &actions)
        case .clientBytes(let bytes):
            if stage == .scan { scan(bytes, &env, &actions) }
        case .clientEnd:
            if stage == .scan { scanEnd(&env, &actions) }
        case .clientBroke(let error):
            if stage == .scan { refuse(error, closing: true, &env, &actions) } else { clientGone(&env, &actions) }
        case .clientGone:
            clientGone(&env, &actions)
        case .clientWritable(let writable):
            clientWritable(writable, &env, &actions)
        case .legConnected(let leg, let reused):
            legConnected(leg, reused: reused, &env, &actions)
        case .legHead(let leg, let head):
            legHead(leg, head, &env, &actions)
        case .legBytes(let leg, let bytes):
            legBytes(leg, bytes, &env, &actions)
        case .legEnd(let leg):
            legEnd(leg, &env, &actions)
        case .legFailed(let leg, let failure):
            legFailed(leg, failure, &env, &actions)
        case .answer(let ask, let answer):
            guard ask == pendingAsk else { return }
            pendingAsk = nil
            deadlines.answer = nil
            answered(answer, &env, &actions)
        case .timer:
            timer(&env, &actions)
        case .drain:
            drain(&env, &actions)
        }
    }

    private mutating func answered(
        _ answer: Answer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        switch (answer, stage) {
        case (.authenticated(let result), .authenticate): authenticated(result, &env, &actions)
        case (.slot(let slot), .admit): admitted(slot, &env, &actions)
        case (.quota(let quota), .admit): quotaAnswered(quota, &env, &actions)
        case (.slot(let slot), .attempt): targetSlotAnswered(slot, &env, &actions)
        case (.history(let history), .prepare): historyFound(history, &env, &actions)
        case (.spooled(let file), .scan): formWritten(file, &env, &actions)
        case (.page(let page), _): respond(with: page, &env, &actions)
        case (.messageAccount(let account, let isAnothers), .plan):
            threadFound(account, isAnothers: isAnothers, &env, &actions)
        case (.computed(let result), .attempt): computed(result, &env, &actions)
        case (.media(let media), .attempt): mediaFetched(media, &env, &actions)
        case (.credential(let credential), .attempt): credentialAnswered(credential, &env, &actions)
        default: break
        }
    }

    /// Asks a service; the answer comes back as an event with the same id.
    ///
    /// - Parameter limit: How long the answer may take; a wait for a slot has a deadline of its own.
    mutating func ask(
        _ ask: Ask,
        within limit: Duration?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let id = AskID(nextAsk)
        nextAsk &+= 1
        pendingAsk = id
        deadlines.answer = limit.map { env.now + $0 }
        actions.add(.ask(id, ask))
        arm(&actions)
    }
}

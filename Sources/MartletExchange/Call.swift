import MartletCore
import MartletDialects
import MartletRouting
import NIOCore

/// One model inference: plan → attempts → one winning leg.
struct Call {
    /// Decides what follows a failure.
    var machine: AttemptMachine
    /// Whether all targets that were passed over were so for want of quota.
    var skippedForQuotaOnly = true
    /// The window of the last target that the prompt did not fit.
    var tooSmallWindow: Int?
    /// Legs that run; mostly one.
    var legs: [Leg] = []
    /// The leg whose bytes go to the client, once the answer is committed.
    var winner: LegID?
    /// What became of each attempt that is over.
    var outcomes: [Outcome.AttemptOutcome] = []
    /// The last attempt's error body, which may be shown.
    var lastBody: UpstreamErrorBody?
    /// The last attempt that the ledger knows of; `nil` when it does not know of the request.
    var intentLeg: LegID?
    /// Whether sealed reasoning is left out, because a target did not take it for its own.
    var disownsReasoning = false
    /// Whether a stale connection was replaced already.
    var redialled = false
    /// Whether a credential that a target refuses is renewed: once in a call.
    var renewal = Renewal.possible
    /// The place of a target that was busy while another one was free.
    var passedOver: Int?
    /// Whether that one is asked after all, and waited for.
    var cameBack = false
    /// Leave to ask the machine's current target, until a leg has it.
    var permit: AttemptPermit?
    /// The stream that broke and is being continued.
    var stitch: Boxed<Stitch>?
    /// Whether what stands at addresses of the request was fetched.
    var hasFetchedMedia = false
    /// Whether a second target was asked beside another one: once in a call.
    var hasHedged = false
    /// When the first of the targets that must not be asked may be asked again.
    var skippedUntil: Instant?
    private var nextLeg: UInt16 = 0

    init(machine: AttemptMachine) { self.machine = machine }

    /// How far the one renewal of a credential is.
    enum Renewal: UInt8 {
        case possible, asked, over
    }

    mutating func makeLegID() -> LegID {
        defer { nextLeg &+= 1 }
        return LegID(nextLeg)
    }

    /// The place of a leg that still runs.
    func index(of id: LegID) -> Int? { legs.firstIndex { $0.id == id } }
}

/// An upstream's error answer.
struct UpstreamErrorBody {
    var status: Int
    /// In the caller's format.
    var body: ByteBuffer
    /// Whether the upstream sent none, so that the gateway's own words say more.
    var saysNothing = false
    /// What it is labelled as: what is no JSON is shown as plain text, whatever the upstream called it.
    var contentType = "application/json"
}

/// One upstream request.
struct Leg {
    let id: LegID
    let target: Target
    /// The target's place in the plan.
    let place: Int
    /// Leave to ask the target; handed back when the leg ends.
    var permit: AttemptPermit
    var phase = Phase.dialing
    /// What it is waited for.
    var deadlines = LegDeadlines()
    /// Its request, when that had to be translated.
    var request: Boxed<TranslatedRequest>?
    /// Members of the caller's request that its target does not take.
    var dropped: [String] = []
    /// The slot it holds on its target.
    var slot: SlotID?
    /// When its request was sent.
    var sentAt: Instant?
    /// Bytes of a stream held back until it is complete, which count against the memory of all.
    var heldBack = 0
    /// When the first content of a stream came that is held back until it is complete.
    var contentBegan: Instant?
    /// Whether its connection had served a request before.
    var isReused = false
    /// Whether its body claims to be JSON.
    var isJSON = false
    /// The response status, once known.
    var status = 0
    /// How long the upstream asked to wait.
    var retryAfter: Duration?
    /// What the head told that the body does not.
    var told: UpstreamHead.Told?
    /// What is held back: a whole body, an error body, or the events before the first content.
    var held = ByteBuffer()
    /// Bytes of the response so far.
    var received = 0
    /// Bytes of a stream that end in the middle of an event.
    var pending = ByteBuffer()
    /// What the watcher said of the last read; reused.
    var report = OpenAIChatWatcher.Report()
    /// Watches a stream in the same dialect.
    var watcher: OpenAIChatWatcher?
    /// Turns the answer of another dialect into the caller's.
    var translation: Boxed<Translation>?

    init(id: LegID, target: Target, at place: Int, permit: AttemptPermit, slot: SlotID?) {
        self.id = id
        self.target = target
        self.place = place
        self.permit = permit
        self.slot = slot
    }

    enum Phase: UInt8 {
        /// Waiting for a connection.
        case dialing
        /// The request is sent, no head has come.
        case sent
        /// Reading an error's body.
        case errorBody
        /// Reading a whole JSON body.
        case wholeBody
        /// Reading a stream before its first content.
        case gate
        /// Its bytes go to the client.
        case relaying
        /// Its bytes go to the client, and nobody looks at them.
        case raw
    }
}

import MartletCore
import MartletExchange
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore

/// An environment whose time stands still and whose answers a test sets; counts what it was asked.
struct TestEnvironment: ExchangeEnvironment {
    let start: Instant
    var now: Instant
    var snapshot: Snapshot
    var draining = false
    var pressure = MemoryPressure.normal
    var spoolRoom = true
    /// What the program around the gateway wants to be asked.
    var points: ExtensionPoints = []
    var terms = QuotaTerms()
    /// What its policy says.
    var policy: (GatewayRequest, [TargetOption]) -> TargetDecision = { _, _ in .unchanged }
    private(set) var policyRequests: [GatewayRequest] = []
    /// What `random` says; `nil` takes numbers from the seed.
    var fixedRandom: UInt64? = 0
    var generator: SeededNumbers
    var auth = AuthAnswer.principal(Principal(key: APIKeyID("abcdefghijkl"), scopes: [.inference]))
    var admission = AdmitAnswer.granted
    var targetSlots: [String: SlotAnswer] = [:]
    var retryRoom = true
    /// Accounts that limit the rate of requests.
    var cooling: Set<String> = []
    var rotation = SmoothRotation()
    /// What is remembered of each account's targets.
    var health: [String: TargetHealth] = [:]
    var byteLimit = Int.max
    /// What is known of an account's credential.
    var credentials: [String: CredentialAnswer] = [:]
    private(set) var credentialFetches: [Bool] = []
    /// What targets said of the gateway's own credential.
    private(set) var refusals: [String] = []

    private(set) var presented: [Credentials] = []
    private(set) var attempts: [String] = []
    private(set) var retriesTaken: [String] = []
    private(set) var reports: [Report] = []
    /// Every end of an attempt, in order.
    private(set) var ends: [AttemptEnd] = []
    /// Leaves that were given and not handed back.
    private(set) var openPermits = 0
    private(set) var heldBytes = 0
    /// Slots granted since the driver last looked.
    var newSlots: [SlotID] = []
    let tape: Tape?

    struct Report: Equatable {
        var account: String
        var kind: AttemptFailure.Kind?
    }

    init(_ snapshot: Snapshot, seed: UInt64 = 1, tape: Tape? = nil) {
        start = Instant(nanoseconds: 1_000_000_000)
        now = start
        self.snapshot = snapshot
        self.tape = tape
        generator = SeededNumbers(seed: seed)
    }

    var wallMilliseconds: UInt64 {
        let parts = (now - start).components
        return 1_795_000_000_000 + UInt64(parts.seconds) * 1_000
            + UInt64(parts.attoseconds / 1_000_000_000_000_000)
    }
    var isDraining: Bool { note(draining) { .flag($0) } }
    var memory: MemoryPressure { note(pressure) { .memory($0) } }
    var spoolHasRoom: Bool { note(spoolRoom) { .flag($0) } }

    var extensions: ExtensionPoints { note(points) { .points($0) } }
    var quotaTerms: QuotaTerms { note(terms) { .terms($0) } }

    mutating func choose(among options: [TargetOption], for request: GatewayRequest) -> TargetDecision {
        policyRequests.append(request)
        return note(policy(request, options)) { .decision($0) }
    }

    mutating func random() -> UInt64 {
        let number = fixedRandom ?? generator.next()
        return note(number) { .number($0) }
    }

    mutating func authenticate(_ credentials: Credentials) -> AuthAnswer {
        presented.append(credentials)
        return note(auth) { .auth($0) }
    }

    mutating func admit(_ principal: Principal, id: SlotID) -> AdmitAnswer {
        // A full process leaves the caller with the slot of its key.
        if admission != .keyFull { newSlots.append(id) }
        return note(admission) { .admit($0) }
    }

    mutating func takeTargetSlot(_ target: Target, id: SlotID) -> SlotAnswer {
        let answer = targetSlots[target.account.rawValue] ?? .unlimited
        if answer == .granted { newSlots.append(id) }
        return note(answer) { .slot($0) }
    }

    mutating func takeRetry(_ target: Target) -> Bool {
        retriesTaken.append(target.account.rawValue)
        return note(retryRoom) { .flag($0) }
    }

    mutating func usualWait(for target: Target, isStream: Bool) -> Duration? {
        let wait = health[target.account.rawValue, default: TargetHealth()].usualWait(isStream: isStream)
        return note(wait) { .wait($0) }
    }

    mutating func standing(of target: Target) -> TargetStanding {
        var standing = health[target.account.rawValue, default: TargetHealth()].standing(now, snapshot.breaker)
        if standing.obstacle == nil, cooling.contains(target.account.rawValue) { standing.obstacle = .coolingDown }
        return note(standing) { .standing($0) }
    }

    mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int {
        note(rotation.next(weights)) { .turn($0) }
    }

    mutating func refused(_ target: Target, status: Int, saying said: UpstreamFailure) {
        refusals.append("\(target.account) \(status) \(said.code ?? said.type ?? "-"): \(said.message)")
    }

    mutating func admitAttempt(on target: Target) -> AttemptAdmission {
        let answer = health[target.account.rawValue, default: TargetHealth()].admit(now, snapshot.breaker)
        if case .granted = answer {
            openPermits += 1
            attempts.append(target.account.rawValue)
        }
        return note(answer) { .admission($0) }
    }

    mutating func attemptAnswered(on target: Target, _ permit: AttemptPermit, isCallers: Bool) -> AttemptPermit {
        if !isCallers { reports.append(Report(account: target.account.rawValue, kind: nil)) }
        let answer = health[target.account.rawValue, default: TargetHealth()]
            .answered(permit, isCallers: isCallers, now, snapshot.breaker, healthRandom)
        return note(answer) { .permit($0) }
    }

    mutating func attemptEnded(on target: Target, _ permit: AttemptPermit, _ end: AttemptEnd) {
        openPermits -= 1
        ends.append(end)
        switch end {
        case .succeeded: reports.append(Report(account: target.account.rawValue, kind: nil))
        case .failed(let failure): reports.append(Report(account: target.account.rawValue, kind: failure.kind))
        case .succeededForCaller, .abandoned, .outrun: break
        }
        health[target.account.rawValue, default: TargetHealth()]
            .ended(permit, end, now, snapshot.breaker, healthRandom)
    }

    /// Without jitter.
    private var healthRandom: UInt64 { 1 << 63 }

    mutating func credential(_ authorization: Authorization, mayFetch: Bool) -> CredentialAnswer {
        credentialFetches.append(mayFetch)
        let account = String(authorization.id.rawValue.prefix { $0 != "|" })
        return note(credentials[account] ?? .ready) { .credential($0) }
    }

    mutating func isShown(_ authorization: Authorization, in bytes: ByteBuffer) -> Bool {
        note(String(buffer: bytes).contains("fetched-token")) { .flag($0) }
    }

    mutating func page(_ page: Page) -> PageAnswer {
        let status = page == .ready && draining ? 503 : 200
        return note(
            PageAnswer(status: status, contentType: "application/json", body: ByteBuffer(string: "{\"page\":1}"))
        ) {
            .page($0)
        }
    }

    mutating func modelPage(_ id: String?) -> PageAnswer? {
        let known = id == nil || snapshot.models[ModelName(id ?? "")] != nil
        let text = "{\"id\":\"\(id ?? "*")\"}"
        let answer = PageAnswer(status: 200, contentType: "application/json", body: ByteBuffer(string: text))
        return note(known ? answer : nil) { .page($0) }
    }

    mutating func holdBytes(_ change: Int) -> Bool {
        heldBytes += change
        let hasRoom = change < 0 || heldBytes <= byteLimit
        return note(hasRoom) { .flag($0) }
    }

    private func note<Value>(_ value: Value, _ wrap: (Value) -> Tape.Answer) -> Value {
        tape?.add(wrap(value))
        return value
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): the same seed, the same numbers.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

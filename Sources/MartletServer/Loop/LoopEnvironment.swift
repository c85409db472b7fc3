import MartletCore
import MartletExchange
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore
import Synchronization

/// What exchanges of one loop are answered at once, from shared machines that hold one lock a target or key.
struct LoopEnvironment: ExchangeEnvironment {
    let loop: LoopContext
    let resources: ExchangePerformer
    let now: Instant

    init(_ connection: ExchangePerformer) {
        loop = connection.loop
        resources = connection
        now = .now
    }

    var wallMilliseconds: UInt64 { WallClock.milliseconds() }
    var snapshot: Snapshot { loop.snapshot }
    var isDraining: Bool { loop.isDraining }
    var memory: MemoryPressure { loop.shared.memory.pressure }
    var spoolHasRoom: Bool { loop.shared.spoolHasRoom() }
    var extensions: ExtensionPoints { loop.extensionPoints }
    var quotaTerms: QuotaTerms { loop.shared.extensions?.quotaTerms ?? QuotaTerms() }

    mutating func choose(among options: [TargetOption], for request: GatewayRequest) -> TargetDecision {
        loop.shared.extensions?.choose(among: options, for: request) ?? .unchanged
    }

    mutating func random() -> UInt64 { loop.generator.next() }

    mutating func authenticate(_ credentials: Credentials) -> AuthAnswer {
        if let known = resources.knownCredentials, known.until > now, known.credentials == credentials {
            return .principal(known.principal)
        }
        let answer = loop.shared.keys.authenticate(credentials, now: now)
        if case .principal(let principal) = answer {
            resources.knownCredentials = KnownCredentials(
                credentials: credentials,
                principal: principal,
                until: now + KnownCredentials.lifetime
            )
        }
        return answer
    }

    mutating func admit(_ principal: Principal, id: SlotID) -> AdmitAnswer {
        let policy = snapshot.admission
        let slots = loop.shared.slots
        let perKey = principal.maxConcurrency > 0 ? principal.maxConcurrency : policy.perKey
        guard perKey <= 0 || slots.takeKey(principal.key, limit: perKey) else { return .keyFull }
        if perKey > 0 { resources.hold(.key(principal.key), as: id) }
        guard slots.process.take(limit: policy.process) else { return .processFull }
        resources.hold(.process, as: id)
        return .granted
    }

    mutating func takeTargetSlot(_ target: Target, id: SlotID) -> SlotAnswer {
        let limit = target.maxConcurrency > 0 ? target.maxConcurrency : snapshot.admission.perTarget
        guard limit > 0 else { return .unlimited }
        let gate = loop.shared.slots.gate(target.id)
        guard gate.take(limit: limit) else { return .full }
        resources.hold(.gate(gate), as: id)
        return .granted
    }

    mutating func takeRetry(_ target: Target) -> Bool {
        memory(of: target).health.withLock { $0.takeRetry(now) }
    }

    mutating func usualWait(for target: Target, isStream: Bool) -> Duration? {
        memory(of: target).health.withLock { $0.usualWait(isStream: isStream) }
    }

    mutating func standing(of target: Target) -> TargetStanding {
        let policy = snapshot.breaker
        return memory(of: target).health.withLock { $0.standing(now, policy) }
    }

    mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int {
        counts ? loop.shared.rotations.next(alias, weights) : loop.shared.rotations.upcoming(alias, weights)
    }

    mutating func admitAttempt(on target: Target) -> AttemptAdmission {
        let policy = snapshot.breaker
        return memory(of: target).health.withLock { $0.admit(now, policy) }
    }

    mutating func attemptAnswered(on target: Target, _ permit: AttemptPermit, isCallers: Bool) -> AttemptPermit {
        let (policy, random) = (snapshot.breaker, random())
        return memory(of: target).health.withLock { $0.answered(permit, isCallers: isCallers, now, policy, random) }
    }

    mutating func attemptEnded(on target: Target, _ permit: AttemptPermit, _ end: AttemptEnd) {
        let (policy, random) = (snapshot.breaker, random())
        memory(of: target).health.withLock { $0.ended(permit, end, now, policy, random) }
    }

    /// What is remembered of a target; looked up in the table only once for each target of a snapshot.
    private func memory(of target: Target) -> TargetMemory {
        target.memory { loop.shared.targets.memory(of: $0) }
    }

    mutating func refused(_ target: Target, status: Int, saying said: UpstreamFailure) {
        loop.shared.credentials.refused(target, status: status, saying: said)
    }

    mutating func credential(_ authorization: Authorization, mayFetch: Bool) -> CredentialAnswer {
        loop.shared.credentials.check(authorization, mayFetch: mayFetch)
    }

    mutating func isShown(_ authorization: Authorization, in bytes: ByteBuffer) -> Bool {
        loop.shared.credentials.current(authorization)?.isShown(in: bytes) ?? false
    }

    mutating func page(_ page: Page) -> PageAnswer { loop.shared.health.page(page, snapshot: snapshot) }

    mutating func modelPage(_ id: String?) -> PageAnswer? { loop.shared.modelPages.page(id, snapshot: snapshot) }

    mutating func holdBytes(_ change: Int) -> Bool { loop.shared.memory.hold(change) }
}

import MartletCore
import MartletExchange
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore

/// A recording of one exchange: events, the environment's answers to each, and what was done.
final class Tape {
    /// One event with all that followed from it.
    struct Frame {
        var event: ExchangeEvent
        var now: Instant
        var wall: UInt64
        var answers: [Answer] = []
        var actions: [String] = []
    }

    /// What the environment said.
    enum Answer {
        case flag(Bool)
        case number(UInt64)
        case memory(MemoryPressure)
        case auth(AuthAnswer)
        case admit(AdmitAnswer)
        case slot(SlotAnswer)
        case standing(TargetStanding)
        case admission(AttemptAdmission)
        case permit(AttemptPermit)
        case page(PageAnswer?)
        case credential(CredentialAnswer)
        case turn(Int)
        case wait(Duration?)
        case points(ExtensionPoints)
        case terms(QuotaTerms)
        case decision(TargetDecision)
    }

    /// What was answered while the exchange was made.
    var opening: [Answer] = []
    var frames: [Frame] = []

    func add(_ answer: Answer) {
        if frames.isEmpty { opening.append(answer) } else { frames[frames.count - 1].answers.append(answer) }
    }
}

/// Answers from a tape, in the order of the recording.
struct ReplayEnvironment: ExchangeEnvironment {
    var now: Instant
    var wallMilliseconds: UInt64
    let snapshot: Snapshot
    let cursor: Cursor

    /// Shared, because some questions are asked of an immutable value.
    final class Cursor {
        var answers: ArraySlice<Tape.Answer> = []
        var mismatches = 0

        func next<Value>(_ unwrap: (Tape.Answer) -> Value?, else fallback: Value) -> Value {
            guard let answer = answers.popFirst(), let value = unwrap(answer) else {
                mismatches += 1
                return fallback
            }
            return value
        }
    }

    private func flag() -> Bool { cursor.next({ if case .flag(let flag) = $0 { flag } else { nil } }, else: false) }

    var isDraining: Bool { flag() }
    var spoolHasRoom: Bool { flag() }
    var memory: MemoryPressure {
        cursor.next({ if case .memory(let pressure) = $0 { pressure } else { nil } }, else: .normal)
    }

    var extensions: ExtensionPoints {
        cursor.next({ if case .points(let points) = $0 { points } else { nil } }, else: [])
    }
    var quotaTerms: QuotaTerms {
        cursor.next({ if case .terms(let terms) = $0 { terms } else { nil } }, else: QuotaTerms())
    }
    mutating func choose(among options: [TargetOption], for request: GatewayRequest) -> TargetDecision {
        cursor.next({ if case .decision(let decision) = $0 { decision } else { nil } }, else: .unchanged)
    }

    mutating func random() -> UInt64 {
        cursor.next({ if case .number(let number) = $0 { number } else { nil } }, else: 0)
    }
    mutating func authenticate(_ credentials: Credentials) -> AuthAnswer {
        cursor.next({ if case .auth(let answer) = $0 { answer } else { nil } }, else: .refused)
    }
    mutating func admit(_ principal: Principal, id: SlotID) -> AdmitAnswer {
        cursor.next({ if case .admit(let answer) = $0 { answer } else { nil } }, else: .keyFull)
    }
    mutating func takeTargetSlot(_ target: Target, id: SlotID) -> SlotAnswer {
        cursor.next({ if case .slot(let answer) = $0 { answer } else { nil } }, else: .full)
    }
    mutating func takeRetry(_ target: Target) -> Bool { flag() }
    mutating func usualWait(for target: Target, isStream: Bool) -> Duration? {
        cursor.next({ if case .wait(let wait) = $0 { .some(wait) } else { nil } }, else: nil)
    }
    mutating func standing(of target: Target) -> TargetStanding {
        cursor.next({ if case .standing(let answer) = $0 { answer } else { nil } }, else: TargetStanding())
    }
    mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int {
        cursor.next({ if case .turn(let turn) = $0 { turn } else { nil } }, else: 0)
    }
    mutating func admitAttempt(on target: Target) -> AttemptAdmission {
        let fallback = AttemptAdmission.refused(.circuitOpen, until: nil)
        return cursor.next({ if case .admission(let answer) = $0 { answer } else { nil } }, else: fallback)
    }
    mutating func attemptAnswered(on target: Target, _ permit: AttemptPermit, isCallers: Bool) -> AttemptPermit {
        cursor.next({ if case .permit(let answer) = $0 { answer } else { nil } }, else: permit)
    }
    mutating func attemptEnded(on target: Target, _ permit: AttemptPermit, _ end: AttemptEnd) {}
    mutating func refused(_ target: Target, status: Int, saying said: UpstreamFailure) {}
    mutating func credential(_ authorization: Authorization, mayFetch: Bool) -> CredentialAnswer {
        cursor.next({ if case .credential(let answer) = $0 { answer } else { nil } }, else: .failed)
    }
    mutating func isShown(_ authorization: Authorization, in bytes: ByteBuffer) -> Bool { flag() }
    mutating func page(_ page: Page) -> PageAnswer {
        cursor.next(
            { if case .page(let answer) = $0 { answer } else { nil } },
            else: PageAnswer(status: 0, contentType: "", body: .init())
        )
    }
    mutating func modelPage(_ id: String?) -> PageAnswer? {
        cursor.next({ if case .page(let answer) = $0 { .some(answer) } else { nil } }, else: nil)
    }
    mutating func holdBytes(_ change: Int) -> Bool { flag() }
}

import MartletCore
import MartletDialects

/// Work that would hold a loop up, done on any thread.
public struct Computation: Sendable {
    let work: @Sendable () -> Computed

    /// Bytes of a body above which it is not read or written on a loop: about a millisecond's work.
    public static let threshold = 262_144

    /// Does the work.
    public func run() -> Computed { work() }
}

/// What came of a ``Computation``.
public struct Computed: Sendable {
    let value: Value

    enum Value: Sendable {
        /// A request in its target's format.
        case request(Result<TranslationWork.Made, GatewayError>)
        /// An answer in the caller's format.
        case answer(LegID, AnswerWork.Outcome)
    }
}

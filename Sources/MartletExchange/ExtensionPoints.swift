public import MartletExtensions

/// Which questions the program that runs the gateway wants to be asked; none in a gateway that runs by itself.
public struct ExtensionPoints: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether a request may go on, and at which price.
    public static let quota = ExtensionPoints(rawValue: 1)
    /// Which targets a request may go to.
    public static let targets = ExtensionPoints(rawValue: 2)
    /// What became of it is told.
    public static let settlements = ExtensionPoints(rawValue: 4)
}

/// How a quota is asked.
public struct QuotaTerms: Sendable, Hashable {
    /// How long an answer may take.
    public var deadline: Duration
    /// What becomes of a request without an answer.
    public var failureMode: FailureMode

    /// Creates terms.
    public init(deadline: Duration = .milliseconds(50), failureMode: FailureMode = .closed) {
        self.deadline = deadline
        self.failureMode = failureMode
    }
}

/// What came of asking a quota.
public enum QuotaAnswer: Sendable, Hashable {
    /// It decided.
    case decided(QuotaDecision)
    /// It could not.
    case failed
}

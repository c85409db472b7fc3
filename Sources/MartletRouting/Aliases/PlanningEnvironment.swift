public import MartletCore

/// What a plan is made from beside request and configuration: answered at once, without I/O.
public protocol PlanningEnvironment {
    /// Monotonic time.
    var now: Instant { get }
    /// 64 random bits.
    mutating func random() -> UInt64
    /// What is known of a target.
    mutating func standing(of target: Target) -> TargetStanding
    /// Whose turn it is among the members of an alias.
    ///
    /// - Parameters:
    ///   - weights: The share of each member; 0 for those that cannot be asked, at least one above 0.
    ///   - counts: Whether the turn is taken, so that the next one is another's.
    /// - Returns: The place of a member.
    mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int
}

/// Plans for pages that describe: nothing is known of targets, and nothing is left to chance.
public struct QuietPlanning: PlanningEnvironment {
    /// The beginning of time.
    public var now: Instant { Instant(nanoseconds: 0) }

    /// Creates the environment.
    public init() {}

    /// Always zero.
    public mutating func random() -> UInt64 { 0 }

    /// Nothing.
    public mutating func standing(of target: Target) -> TargetStanding { TargetStanding() }

    /// The first that can be asked.
    public mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int {
        weights.firstIndex { $0 > 0 } ?? 0
    }
}

/// Whether and how an account is probed while circuits of its targets are open.
public struct HealthCheckPolicy: Hashable, Sendable {
    /// Time between two probes, give or take a fifth.
    public var interval: Duration = .seconds(5)
    /// How long an answer may take.
    public var timeout: Duration = .seconds(2)
    /// What is asked for, below the account's base path; begins with a slash.
    public var path = "/models"

    /// Creates the defaults.
    public init() {}

    /// How long silence keeps circuits open: until after the next probe has been answered or not.
    public var hold: Duration { interval * 1.5 + timeout }

    /// Whether an answer with a status is a sign of life.
    ///
    /// A refusal is one: whoever answers 401 or 404 works, and the list of models may need rights that requests do not.
    public static func isAlive(status: Int) -> Bool {
        (200..<300).contains(status) || ((400..<500).contains(status) && status != 408)
    }
}

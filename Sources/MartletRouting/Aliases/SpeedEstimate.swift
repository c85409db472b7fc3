import MartletCore
import MartletGovernance

/// How long an answer of a target will take: as measured, or as such targets mostly do.
public struct SpeedEstimate: Sendable, Hashable {
    /// From the request to the last token, without waiting for others.
    public var time: Duration
    /// Whether it was measured here.
    public var isMeasured: Bool

    /// Tokens of output that are reckoned with when the request names no smaller limit.
    public static let usualOutput = 256

    /// Estimates the time of an answer.
    ///
    /// - Parameters:
    ///   - target: The target.
    ///   - standing: What was measured.
    ///   - outputLimit: The caller's limit on output.
    public init(_ target: Target, _ standing: TargetStanding, outputLimit: Int?) {
        let tokens = max(1, min(outputLimit ?? Self.usualOutput, Self.usualOutput))
        let perToken = standing.perToken ?? .seconds(1) / Self.usualTokensPerSecond(of: target)
        let firstToken = standing.firstToken ?? Self.usualFirstToken
        var time = firstToken + perToken * tokens
        // What an engine of one's own cannot work on at once waits in a line.
        if target.isLocal, target.maxConcurrency > 0, standing.inFlight > 0 {
            time += time * min(standing.inFlight, 10_000) / target.maxConcurrency
        }
        self.time = time
        isMeasured = standing.firstToken != nil || standing.perToken != nil
    }

    private static let usualFirstToken = Duration.milliseconds(500)

    /// Tokens a second of such a target: what its provider's hardware is known for, else by its size, for which the price
    /// stands.
    ///
    /// Rough, from public reports of 2026: hosted small models 100–250, middle ones 60–120, large ones 30–80, engines on
    /// one's own machine 5–80.
    static func usualTokensPerSecond(of target: Target) -> Int {
        if let known = target.quirks.tokensPerSecond { return max(1, known) }
        if target.isLocal { return 20 }
        guard let price = target.price else { return 60 }
        switch price.output.picoUSD {
        case ...5_000_000: return 150
        case ...15_000_000: return 80
        default: return 50
        }
    }
}

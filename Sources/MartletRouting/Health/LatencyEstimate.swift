public import MartletCore

/// What one answer took.
public enum LatencySample: Sendable, Hashable {
    /// A stream: the time to its first content, the time from there to its end, and its tokens.
    case stream(firstToken: Duration, rest: Duration, outputTokens: Int64)
    /// An answer that came as a whole: the time to its end, and its tokens.
    case whole(Duration, outputTokens: Int64)
}

/// Estimates how fast a target is: the time to its first content and the time an output token takes.
///
/// Peak-sensitive exponentially weighted means (Finagle's "Peak EWMA"): what is slower counts at once, what is faster with
/// weight 0.2, so that a target which begins to suffer is relieved before its mean says so. What is old counts less: for
/// each ten minutes without a sample the weight of the past is halved. Pure, O(1), no allocation.
public struct LatencyEstimate: Sendable, Hashable {
    private var first: Double?
    private var token: Double?
    private var lastSample = Instant(nanoseconds: .min)
    private var lastError: Instant?

    /// Starts without an estimate.
    public init() {}

    private static let weight = 0.2
    private static let halfLife = Duration.seconds(600)
    private static let errorMemory = Duration.seconds(60)
    /// Tokens that take as long as the first one, for answers that came as a whole and were the first of their target:
    /// half a second and fifty tokens a second are common at providers.
    private static let firstTokenInTokens = 25.0

    /// Takes an answer into account; what cannot be a measurement is left out.
    public mutating func add(_ sample: LatencySample, _ now: Instant) {
        switch sample {
        case .stream(let firstToken, let rest, let tokens):
            guard firstToken >= .zero, rest >= .zero else { return }
            // The first token is paid for by the time to it; a short answer says nothing of the rest.
            let perToken = tokens > 1 ? Self.seconds(rest) / Double(tokens - 1) : nil
            blend(first: Self.seconds(firstToken), token: perToken, now)
        case .whole(let duration, let tokens):
            guard duration >= .zero, tokens >= 0 else { return }
            let seconds = Self.seconds(duration)
            if let first, let token {
                // What part was the wait for the first token is not known: both are as far off as their sum is.
                let expected = first + token * Double(tokens)
                let factor = expected > 0 ? min(8, max(0.125, seconds / expected)) : 1
                blend(first: first * factor, token: token * factor, now)
            } else {
                let perToken = seconds / (Self.firstTokenInTokens + Double(tokens))
                blend(first: perToken * Self.firstTokenInTokens, token: perToken, now)
            }
        }
    }

    /// Notes that the first content took longer than a duration: what is slower counts at once.
    public mutating func outrun(after duration: Duration, _ now: Instant) {
        let seconds = Self.seconds(duration)
        // A target that has never answered stays one of which nothing is known.
        guard let known = first, seconds > known else { return }
        first = seconds
        lastSample = now
    }

    /// Notes a failure: for a minute the target counts as half as fast.
    public mutating func failed(_ now: Instant) { lastError = now }

    /// The estimated time to the first content; `nil` before the first sample.
    public func firstToken(_ now: Instant) -> Duration? { first.map { .seconds($0 * factor(now)) } }

    /// The estimated time of an output token; `nil` before the first sample.
    public func perToken(_ now: Instant) -> Duration? { token.map { .seconds($0 * factor(now)) } }

    private func factor(_ now: Instant) -> Double {
        guard let lastError, now - lastError < Self.errorMemory else { return 1 }
        return 2
    }

    private mutating func blend(first newFirst: Double, token newToken: Double?, _ now: Instant) {
        var kept = 1 - Self.weight
        if lastSample.nanoseconds != .min {
            var idle = now - lastSample
            for _ in 0..<16 where idle >= Self.halfLife {
                kept /= 2
                idle -= Self.halfLife
            }
        }
        first = max(newFirst, first.map { $0 * kept + newFirst * (1 - kept) } ?? newFirst)
        if let newToken { token = max(newToken, token.map { $0 * kept + newToken * (1 - kept) } ?? newToken) }
        lastSample = now
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

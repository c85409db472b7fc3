import MartletCore

/// Which refusals were told: each target and reason once in a while, and all together not without end.
struct RefusalLog {
    /// A target with the status and the name of a reason; messages hold numbers that differ each time.
    struct Key: Hashable {
        var target: String
        var status: Int
        var name: String?
    }

    /// How long the same is not told again.
    static let pause = Duration.seconds(600)
    /// Lines within a minute: callers choose names of models, so there may be any number of targets.
    static let mostPerMinute = 20
    private static let mostKeys = 1_000

    private var told: [Key: Instant] = [:]
    private var minuteBegan: Instant?
    private var inMinute = 0

    /// Whether a refusal is to be told now; notes that it is.
    mutating func tells(_ key: Key, at now: Instant) -> Bool {
        if let last = told[key], now - last < Self.pause { return false }
        if let began = minuteBegan, now - began < .seconds(60) {
            guard inMinute < Self.mostPerMinute else { return false }
        } else {
            minuteBegan = now
            inMinute = 0
        }
        inMinute += 1
        if told.count >= Self.mostKeys { told.removeAll(keepingCapacity: true) }
        told[key] = now
        return true
    }
}

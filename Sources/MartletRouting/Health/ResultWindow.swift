import MartletCore

/// Counts results of the recent past: ten slots of a tenth of the window each.
///
/// O(1), no allocation; what is older than nine whole slots and the current one does not count any more.
struct ResultWindow: Sendable {
    /// Results of the window.
    private(set) var sum = 0
    /// Those of them that are failures.
    private(set) var failureSum = 0
    private var all: InlineArray<10, UInt32> = .init(repeating: 0)
    private var failures: InlineArray<10, UInt32> = .init(repeating: 0)
    private var slot: Int64 = .min

    /// Counts one result.
    mutating func add(isFailure: Bool, _ now: Instant, window: Duration) {
        advance(to: now.nanoseconds / max(1, window.wholeNanoseconds / 10))
        let place = Self.place(of: slot)
        all[place] &+= 1
        sum += 1
        guard isFailure else { return }
        failures[place] &+= 1
        failureSum += 1
    }

    private mutating func advance(to now: Int64) {
        // Threads may tell their times in another order; none is late by as much as a slot.
        guard now > slot else { return }
        let (distance, isFar) = now.subtractingReportingOverflow(slot)
        for step in 0..<(isFar ? 10 : min(10, distance)) {
            let place = Self.place(of: now - step)
            sum -= Int(all[place])
            failureSum -= Int(failures[place])
            all[place] = 0
            failures[place] = 0
        }
        slot = now
    }

    private static func place(of slot: Int64) -> Int { Int(((slot % 10) + 10) % 10) }
}

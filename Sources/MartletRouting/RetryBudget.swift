/// Bounds retries of one target: at most 20 % of its requests of the last 10 s, plus 3 a second.
///
/// Ten buckets of one second; O(1), no allocation.
public struct RetryBudget: Sendable {
    private var requests: InlineArray<10, Int32> = .init(repeating: 0)
    private var retries: InlineArray<10, Int32> = .init(repeating: 0)
    private var second: Int64 = 0

    /// Starts empty.
    public init() {}

    /// Counts a first attempt.
    public mutating func countRequest(second now: Int64) {
        advance(to: now)
        requests[Int(second % 10)] &+= 1
    }

    /// Takes a request back that is to be counted, because it is a retry and no first attempt.
    mutating func discountRequest(second now: Int64) {
        advance(to: now)
        requests[Int(second % 10)] &-= 1
    }

    /// Takes one retry if there is room.
    ///
    /// - Parameter now: Whole seconds of a monotonic clock.
    public mutating func takeRetry(second now: Int64) -> Bool {
        advance(to: now)
        var sent: Int64 = 0
        var taken: Int64 = 0
        for index in 0..<10 {
            sent += Int64(requests[index])
            taken += Int64(retries[index])
        }
        guard taken * 5 < sent || retries[Int(second % 10)] < 3 else { return false }
        retries[Int(second % 10)] &+= 1
        return true
    }

    private mutating func advance(to now: Int64) {
        guard now > second else { return }
        for step in 1...min(10, now - second) {
            requests[Int((second + step) % 10)] = 0
            retries[Int((second + step) % 10)] = 0
        }
        second = now
    }
}

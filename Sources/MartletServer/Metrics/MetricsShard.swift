import MartletExchange
import Synchronization

/// Counts what the exchanges of one event loop come to.
///
/// One lock a shard, taken by its loop for every ending and by a scrape for the time of a copy.
final class MetricsShard: Sendable {
    /// The process's slots; here so that whoever gives back a forgotten slot can count the defect in one place.
    let slots: SlotTable
    private let counters = Mutex(MetricsCounters())

    /// Starts at zero.
    init(slots: SlotTable) { self.slots = slots }

    /// Counts how an exchange ended; requests that asked for no inference count nothing.
    func count(_ outcome: Outcome) {
        guard outcome.isInference else { return }
        // Taken apart here: only values that may cross threads go under the lock.
        let sample = MetricsSample(outcome)
        counters.withLock { $0.count(sample) }
    }

    /// Counts a broken invariant of the gateway's own.
    func countDefect() { counters.withLock { $0.defects &+= 1 } }

    /// A copy of all counts.
    var current: MetricsCounters { counters.withLock { $0 } }
}

import MartletExtensions
import Synchronization

/// Tells one observer of settlements, one after the other, from a bounded queue.
final class SettlementFeed: Sendable {
    private let queue: AsyncStream<Settlement>.Continuation
    private let consumer: Task<Void, Never>
    /// Ends when the consumer does; waiting for it can be given up, other than waiting for a task.
    private let end: AsyncStream<Void>
    private let waiting = Counter()
    private let droppedCount = Atomic<UInt64>(0)

    /// Settlements that found no room.
    var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }

    /// Begins to tell an observer.
    init(_ observer: any SettlementObserver) {
        let capacity = max(1, observer.queueCapacity)
        let (settlements, queue) = AsyncStream.makeStream(
            of: Settlement.self,
            bufferingPolicy: .bufferingOldest(capacity)
        )
        let (end, ended) = AsyncStream.makeStream(of: Void.self)
        self.queue = queue
        self.end = end
        consumer = Task { [waiting] in
            for await settlement in settlements {
                await observer.settled(settlement)
                waiting.value.subtract(1, ordering: .relaxed)
            }
            ended.finish()
        }
    }

    /// Adds a settlement to the queue, or drops it when there is no room.
    func add(_ settlement: Settlement) {
        waiting.value.add(1, ordering: .relaxed)
        if case .enqueued = queue.yield(settlement) { return }
        waiting.value.subtract(1, ordering: .relaxed)
        droppedCount.add(1, ordering: .relaxed)
    }

    /// Takes nothing any more; what is in the queue is still told.
    func close() { queue.finish() }

    /// Waits until the queue is empty, or a deadline.
    ///
    /// - Returns: How many settlements were not taken.
    func finish(by deadline: ContinuousClock.Instant) async -> Int {
        await withTaskGroup(of: Void.self) { [end] group in
            group.addTask { for await _ in end {} }
            group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
        consumer.cancel()
        return max(0, waiting.value.load(ordering: .relaxed))
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}

import Synchronization
import Testing

@testable import MartletServer

@Suite("Watching the configuration files")
struct ConfigWatcherTests {
    /// Lets so many intervals pass at once, and ends the watch after that.
    private final class ShortClock: Clock {
        typealias Instant = ContinuousClock.Instant
        typealias Duration = Swift.Duration

        private let left: Mutex<Int>

        init(_ count: Int) { left = Mutex(count) }

        var now: Instant { ContinuousClock().now }
        var minimumResolution: Duration { .nanoseconds(1) }

        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            let isOver = left.withLock { left in
                left -= 1
                return left < 0
            }
            if isOver { throw CancellationError() }
        }
    }

    private final class Remaining: Sendable {
        private let looks: Mutex<ArraySlice<[FileStamp]>>
        init(_ looks: [[FileStamp]]) { self.looks = Mutex(looks[...]) }
        func next() -> [FileStamp] { looks.withLock { $0.popFirst() ?? [] } }
    }

    private final class Count: Sendable {
        let value = Atomic(0)
    }

    /// How often a watch of files that look like this, one look after the other, calls for a reload.
    private func reloads(first: [FileStamp], then looks: [[FileStamp]]) async -> Int {
        let rest = Remaining(looks)
        let count = Count()
        let watcher = ConfigWatcher(
            look: { rest.next() },
            first: first,
            clock: ShortClock(looks.count),
            onChange: { _ = count.value.add(1, ordering: .relaxed) }
        )
        await watcher.run()
        return count.value.load(ordering: .relaxed)
    }

    private let old = FileStamp(path: "a.toml", modified: 1, size: 10)
    private let new = FileStamp(path: "a.toml", modified: 2, size: 10)
    private let longer = FileStamp(path: "a.toml", modified: 2, size: 11)
    private let gone = FileStamp(path: "a.toml", modified: nil)

    @Test("does nothing while nothing changes")
    func quiet() async { #expect(await reloads(first: [old], then: [[old], [old], [old]]) == 0) }

    @Test("reloads once after a change that has come to rest, by time or by size")
    func change() async {
        #expect(await reloads(first: [old], then: [[new], [new], [new], [new]]) == 1)
        #expect(await reloads(first: [new], then: [[longer], [longer], [longer]]) == 1)
    }

    @Test("waits while a file is still being written")
    func writing() async {
        #expect(await reloads(first: [old], then: [[new], [longer], [new], [longer]]) == 0)
        #expect(await reloads(first: [old], then: [[new], [longer], [longer], [longer]]) == 1)
    }

    @Test("does not mind a file that is away for a moment while it is replaced")
    func replaced() async { #expect(await reloads(first: [old], then: [[gone], [old], [old]]) == 0) }

    @Test("sees a file that comes, one that goes, and each change after the last")
    func comesAndGoes() async {
        #expect(await reloads(first: [], then: [[old], [old], [gone], [gone], [new], [new]]) == 3)
    }
}

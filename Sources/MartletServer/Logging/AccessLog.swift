import Dispatch
import MartletCore
import MartletExchange
import MartletRouting
import Synchronization

/// Writes a line a request, off the event loops; does nothing unless it is switched on.
///
/// A line holds names, counts and times, never a prompt, an answer or a credential.
final class AccessLog: Sendable {
    private struct State {
        var waiting: [AccessLine] = []
        var isScheduled = false
        var isClosed = false
        var dropped: UInt64 = 0
    }

    /// Lines that may wait to be written; a line that comes later is dropped and counted.
    static let capacity = 10_000

    private let output: (any LogOutput)?
    private let format: AccessLine.Format
    private let wallClock: @Sendable () -> UInt64
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.access-log", qos: .utility)

    /// Opens the log that the settings name; a file that cannot be opened is tried again with every batch.
    convenience init(_ settings: ObservabilitySettings) {
        let output: (any LogOutput)? =
            switch settings.accessLog {
            case .off: nil
            case .standardError: FileLogOutput(path: nil)
            case .file(let path): FileLogOutput(path: path)
            }
        self.init(output, format: settings.jsonLogs ? .json : .text, wallClock: { WallClock.milliseconds() })
    }

    /// Writes to an output of the caller's.
    ///
    /// - Parameters:
    ///   - output: Where lines go; `nil` switches the log off.
    ///   - format: How a line looks.
    ///   - wallClock: Milliseconds since 1970.
    init(_ output: (any LogOutput)?, format: AccessLine.Format, wallClock: @escaping @Sendable () -> UInt64) {
        self.output = output
        self.format = format
        self.wallClock = wallClock
    }

    /// Lines that were dropped because writing was too slow or failed.
    var dropped: UInt64 { state.withLock(\.dropped) }

    /// Notes how a request ended; returns at once.
    func write(_ outcome: Outcome, requestID: RequestID?) {
        guard output != nil else { return }
        let line = AccessLine(outcome, requestID: requestID?.description ?? "", time: wallClock())
        let mustSchedule = state.withLock { state in
            guard !state.isClosed else { return false }
            guard state.waiting.count < Self.capacity else {
                state.dropped &+= 1
                return false
            }
            state.waiting.append(line)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { queue.async { self.drain() } }
    }

    /// Opens the file anew, after it was moved away.
    ///
    /// Lines noted before go to the old file; those noted until it is open go to either.
    func reopen() {
        guard let output else { return }
        queue.async {
            self.drain()
            output.reopen()
        }
    }

    /// Writes what waits and closes the log; later lines are ignored.
    func close() {
        guard let output else { return }
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard wasOpen else { return }
        // A reader that does not read must not keep the process from ending.
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.drain()
            output.close()
            done.signal()
        }
        _ = done.wait(timeout: .now() + .seconds(10))
    }

    /// Returns once everything noted before is written.
    func waitUntilIdle() { queue.sync {} }

    /// Writes all lines that wait; runs on the queue.
    private func drain() {
        while true {
            let lines = state.withLock { state in
                defer { state.waiting = [] }
                state.isScheduled = !state.waiting.isEmpty
                return state.waiting
            }
            guard let output, !lines.isEmpty else { return }
            var text: [UInt8] = []
            text.reserveCapacity(lines.count * 256)
            for line in lines { line.append(to: &text, format: format) }
            if !output.write(text) { state.withLock { $0.dropped &+= UInt64(lines.count) } }
        }
    }
}

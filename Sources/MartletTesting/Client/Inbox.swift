import NIOCore
import Synchronization

/// What has come in on a connection, and who waits for more.
final class Inbox: Sendable {
    /// How far a connection is.
    struct Progress: Sendable, Hashable {
        var byteCount = 0
        var isOver = false
    }

    private struct State {
        var progress = Progress()
        var reader = RawResponseReader()
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var progress: Progress { state.withLock { $0.progress } }

    func add(_ bytes: [UInt8]) {
        change { state in
            state.reader.add(bytes)
            state.progress.byteCount += bytes.count
        }
    }

    func end() { change { $0.progress.isOver = true } }

    func take(isHead: Bool, isOver: Bool) throws -> RawResponse? {
        try state.withLock { try $0.reader.take(isHead: isHead, isOver: isOver) }
    }

    /// Returns once the progress differs from `seen`, or `false` at the deadline.
    func changed(since seen: Progress, until deadline: ContinuousClock.Instant) async -> Bool {
        await withCheckedContinuation { done in
            let key: Int? = state.withLock { state in
                if state.progress != seen { return nil }
                defer { state.nextWaiter += 1 }
                state.waiters[state.nextWaiter] = done
                return state.nextWaiter
            }
            guard let key else { return done.resume(returning: true) }
            Task {
                try? await Task.sleep(until: deadline, clock: .continuous)
                state.withLock { $0.waiters.removeValue(forKey: key) }?.resume(returning: false)
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in waiting { waiter.resume(returning: true) }
    }
}

/// Puts what a connection receives into an inbox.
final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.add(Array(unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) { inbox.end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

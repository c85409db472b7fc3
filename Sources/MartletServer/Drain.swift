import MartletExchange
import MartletRouting
import NIOCore
import Synchronization

/// Ends a gateway in order: readiness first, then no new connections, then running requests, then what is left.
struct Drain {
    let state: GatewayState
    let listener: any Channel
    /// One element a SIGTERM or SIGINT.
    let signals: AsyncStream<Void>

    /// Returns once everything that runs has ended or its time is over.
    func runUntilStopped() async {
        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        let server = state.reloader.snapshot.server
        state.shared.health.enter(.draining)
        await withTaskGroup(of: Void.self) { group in
            // A second signal skips every wait.
            group.addTask {
                var second = signals.makeAsyncIterator()
                _ = await second.next()
            }
            group.addTask { await orderly(delay: server.drainDelay, grace: server.shutdownGrace) }
            await group.next()
            group.cancelAll()
        }
        await end()
    }

    private func orderly(delay: Duration, grace: Duration) async {
        if delay > .zero { try? await Task.sleep(for: delay) }
        if Task.isCancelled { return }
        try? await listener.close()
        onEveryLoop { loop in
            loop.isDraining = true
            for connection in loop.connections.values { connection.drain() }
            for connection in loop.http2Connections.values { connection.drain() }
        }
        let deadline = ContinuousClock.now + grace
        while ContinuousClock.now < deadline, !Task.isCancelled {
            if state.shared.connectionCount.load(ordering: .relaxed) == 0 { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What still runs gets its last event; then the connections are closed.
    private func end() async {
        try? await listener.close()
        onEveryLoop { loop in
            loop.isDraining = true
            for connection in loop.connections.values { connection.endNow() }
            for connection in loop.http2Connections.values { connection.drain() }
        }
        let deadline = ContinuousClock.now + .seconds(2)
        while ContinuousClock.now < deadline, state.shared.connectionCount.load(ordering: .relaxed) > 0 {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func onEveryLoop(_ body: @escaping @Sendable (LoopContext) -> Void) {
        for loop in state.loops {
            loop.value.eventLoop.execute { body(loop.value) }
        }
    }
}

import MartletCore
import MartletExchange
import MartletExtensions
import MartletRouting
import NIOCore

/// Tells the exchange of one client request at a time what happens, and performs what it decides.
///
/// What is common to every HTTP version. A subclass moves the client's bytes: it calls ``begin(_:)``, hands the body over
/// while ``wantsBody``, and writes the answer in its framing. A class rather than a protocol, so that the legs and timers
/// of a request need no existential. Events are queued and handled one after the other, never from within the handling
/// of another one. Used on its event loop only.
class ExchangePerformer: LedgerTick.Waiter {
    let loop: LoopContext
    /// What timers and services hold instead of the performer itself.
    private(set) lazy var reference = ConnectionReference(self)
    /// The request that runs.
    ///
    /// Only `handle` and the slow paths touch the value; its state is mirrored in the flags below.
    final var exchange: Exchange?
    /// Whether a request runs.
    final var isBusy = false
    /// Whether the request that runs has settled.
    final var hasSettled = false
    /// Counts exchanges, so that answers for an earlier one are recognised.
    final var generation: UInt64 = 0
    final var resources = ExchangeResources()
    final var legs: [(id: LegID, connection: UpstreamConnection)] = []
    final var dials: [LegID] = []

    /// The credentials that this connection's last request was let in with.
    final var knownCredentials: KnownCredentials?
    /// The waiting list this performer stands in.
    final var slotWait: (ask: AskID, gate: Gate, ticket: UInt64)?

    final var events = CircularBuffer<ExchangeEvent>(initialCapacity: 8)
    final var isHandling = false
    /// Whether the exchange waits for more of the body.
    final var wantsBody = false
    final var isGone = false
    /// The batch of records that must be written before anything is flushed.
    final var awaitedBatch: UInt64?
    final var flushAfterRecord: [UpstreamConnection] = []
    /// Settlements that are told once the records of their batches are written.
    final var unobserved: [(batch: UInt64, settlement: Settlement)] = []

    final var timer: Scheduled<Void>?
    final var timerAt: Instant?
    /// Whether a timer that fired late has let the loop read its sockets.
    final var readsBeforeTimer = false
    /// When the client is let go unless something happens: idle keep-alive, slow head, or lingering.
    final var connectionDeadline: Instant?

    init(loop: LoopContext) { self.loop = loop }

    // MARK: What a subclass does

    /// Tells a client that waits for it to go on (RFC 9110 §10.1.1).
    func writeContinue() {}
    /// Writes the head of an answer behind what is not flushed yet.
    func write(_ head: ResponseHead) {}
    /// Writes bytes of the answer.
    func writeBody(_ bytes: ByteBuffer) {}
    /// The answer is complete.
    func endBody() {}
    /// Breaks the answer off, so that the client sees that it has no end.
    func abort() {}
    /// Writes and flushes all that is gathered, unless it depends on a record that is not written yet.
    func flushIfAllowed() {}
    /// Hands queued parts of requests to the exchange as far as it wants them.
    func pump() {}
    /// The exchange is over and its resources are released; the client is still there.
    func exchangeEnded() {}
    /// Nothing began before ``connectionDeadline``.
    func deadlinePassed() {}
    /// The gateway drains: takes no further request, and closes when none runs.
    func drain() {}

    // MARK: The exchange

    /// Begins a request.
    ///
    /// - Parameter isWritable: Whether the client takes bytes now; nobody tells again.
    final func begin(_ head: ClientHead, isWritable: Bool) {
        connectionDeadline = nil
        generation &+= 1
        var environment = LoopEnvironment(self)
        exchange = Exchange(head: head, &environment)
        isBusy = true
        hasSettled = false
        deliver(.clientHead(head))
        if isBusy, !isWritable { deliver(.clientWritable(false)) }
    }

    /// Queues an event and handles all that are queued, unless that is going on already.
    final func deliver(_ event: ExchangeEvent) {
        events.append(event)
        drainEvents()
    }

    /// Handles queued events one at a time, performs what they ask for, and writes once.
    final func drainEvents() {
        guard !isHandling else { return }
        isHandling = true
        var environment = LoopEnvironment(self)
        while let event = events.popFirst() {
            var actions = ActionList()
            swap(&actions, &loop.actions)
            exchange?.handle(event, &environment, into: &actions)
            actions.takeAll { perform($0) }
            swap(&actions, &loop.actions)
        }
        isHandling = false
        if slotWait != nil { leaveForgottenQueue() }
        if hasSettled { endExchange() }
        flushIfAllowed()
        if !isBusy || wantsBody { pump() }
    }

    private func endExchange() {
        exchange = nil
        isBusy = false
        hasSettled = false
        wantsBody = false
        resources.release(defects: loop.metrics)
        // Those that are left have served: what is not needed any more was cancelled.
        for leg in legs { leg.connection.letGo() }
        legs.removeAll(keepingCapacity: true)
        dials.removeAll(keepingCapacity: true)
        events.removeAll(keepingCapacity: true)
        guard !isGone else { return }
        exchangeEnded()
    }

    /// The client is there no more.
    final func clientGone() {
        isGone = true
        deliver(.clientGone)
        timer?.cancel()
        timer = nil
        reference.connection = nil
    }

    /// What runs gets its last event; what does not run takes no further request.
    final func endNow() {
        if isBusy { deliver(.drain) } else { drain() }
    }

    // MARK: Time

    /// Wakes the exchange at an instant, unless an earlier wake-up stands; one that is early re-arms.
    final func wake(at instant: Instant) {
        if let timerAt, timerAt <= instant { return }
        timer?.cancel()
        timerAt = instant
        let box = LoopBound(reference)
        timer = loop.eventLoop.scheduleTask(in: TimeAmount(instant - .now)) { box.value.connection?.timerFired() }
    }

    /// Lets the client go at a deadline unless a request begins before it.
    final func closeUnless(within duration: Duration) {
        let deadline = Instant.now + duration
        connectionDeadline = deadline
        wake(at: deadline)
    }

    private func timerFired() {
        timer = nil
        // After a stop of the process, or under overload, bytes that came in time may wait in the sockets: the loop reads
        // them once before anything expires.
        if let due = timerAt, Instant.now - due > .seconds(1), !readsBeforeTimer {
            readsBeforeTimer = true
            let box = LoopBound(reference)
            timer = loop.eventLoop.scheduleTask(in: .milliseconds(1)) { box.value.connection?.timerFired() }
            return
        }
        readsBeforeTimer = false
        timerAt = nil
        if isBusy { return deliver(.timer) }
        guard let connectionDeadline else { return }
        if connectionDeadline <= .now {
            deadlinePassed()
        } else {
            wake(at: connectionDeadline)
        }
    }
}

/// A performer as timers and services know it: emptied when its client is gone.
///
/// A weak reference would do the same, but from then on every retain of the performer takes Swift's slow path.
final class ConnectionReference {
    var connection: ExchangePerformer?

    init(_ connection: ExchangePerformer) { self.connection = connection }
}

import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import NIOHTTP1
import Synchronization

/// One HTTP/1.1 client connection: moves bytes and performs what its exchange decides.
///
/// One exchange at a time; pipelined requests wait. Events are queued and handled one after the other, never from within
/// the handling of another one. Used on its event loop only.
final class ClientConnection: ChannelInboundHandler, LedgerTick.Waiter {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// A parsed part of what the client sent, waiting for its turn.
    enum Incoming {
        case head(HTTPRequestHead)
        case body(ByteBuffer)
        case end
        indirect case malformed(GatewayError)
    }

    let loop: LoopContext
    var context: ChannelHandlerContext?
    /// What timers and services hold instead of the connection itself.
    private(set) lazy var reference = ConnectionReference(self)
    /// The request that runs.
    ///
    /// Only `handle` and the slow paths touch the value; its state is mirrored in the flags below.
    var exchange: Exchange?
    /// Whether a request runs.
    var isBusy = false
    /// Whether the request that runs has settled.
    var hasSettled = false
    /// Counts exchanges, so that answers for an earlier one are recognised.
    var generation: UInt64 = 0
    var resources = ExchangeResources()
    var legs: [(id: LegID, connection: UpstreamConnection)] = []
    var dials: [LegID] = []

    /// The credentials that this connection's last request was let in with.
    var knownCredentials: KnownCredentials?
    /// The waiting list this connection stands in.
    var slotWait: (ask: AskID, gate: Gate, ticket: UInt64)?

    var incoming = CircularBuffer<Incoming>(initialCapacity: 4)
    var incomingBytes = 0
    var events = CircularBuffer<ExchangeEvent>(initialCapacity: 8)
    var isHandling = false
    var isPumping = false
    var wantsBody = false
    var requestIsComplete = true
    var keepsAlive = true
    var isReading = false
    var isGone = false
    /// Whether the channel takes bytes, as it last told.
    private(set) var isWritable = true

    var response = ResponseFraming.none
    var isHeadRequest = false
    var closesAfterResponse = false
    var discardedBytes = 0
    var out = ByteBuffer()
    var hasUnflushed = false
    /// The batch of records that must be written before anything is flushed.
    var awaitedBatch: UInt64?
    var flushAfterRecord: [UpstreamConnection] = []

    var timer: Scheduled<Void>?
    var timerAt: Instant?
    /// Whether a timer that fired late has let the loop read its sockets.
    var readsBeforeTimer = false
    /// When the connection closes unless something happens: idle keep-alive, slow head, or lingering.
    var connectionDeadline: Instant?
    /// Bytes of a head that is not complete yet.
    var headBytes = 0
    /// Whether the request line of the current head has ended.
    var requestLineEnded = true
    var closesWhenFlushed = false
    var isClosing = false
    /// Whether the client speaks HTTP/1.0, which knows no chunks (RFC 9112 §6.1).
    var speaksHTTP10 = false

    /// How the body of the answer is framed.
    enum ResponseFraming {
        case none
        case sized
        case chunked
        case noBody
    }

    init(loop: LoopContext) { self.loop = loop }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        loop.connections[ObjectIdentifier(self)] = self
        let (_, count) = loop.shared.connectionCount.add(1, ordering: .relaxed)
        if loop.isDraining { return closeWhenFlushed() }
        guard count <= loop.snapshot.admission.connections else { return refuseConnection() }
        closeUnless(within: loop.snapshot.timeouts.clientHead)
        readMore()
    }

    /// More connections than may be: says so and closes, without reading anything.
    private func refuseConnection() {
        out.writeStaticString(
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        closeWhenFlushed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !isGone else { return }
        isGone = true
        loop.connections[ObjectIdentifier(self)] = nil
        loop.shared.connectionCount.subtract(1, ordering: .relaxed)
        deliver(.clientGone)
        timer?.cancel()
        timer = nil
        incoming.removeAll()
        reference.connection = nil
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            headBytes = 0
            incoming.append(.head(head))
        case .body(let bytes):
            incomingBytes += bytes.readableBytes
            incoming.append(.body(bytes))
        case .end: incoming.append(.end)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        pump()
        readMore()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isBusy { deliver(.clientWritable(isWritable)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let refusal = RequestParsing.refusal(for: error, inRequestLine: !requestLineEnded) else {
            context.close(promise: nil)
            return
        }
        incoming.append(.malformed(refusal))
        pump()
    }

    /// Raw bytes came in: between requests they begin a head, which has its own time and size.
    func received(_ bytes: ByteBuffer, limit: Int) {
        guard !isBusy, requestIsComplete, !closesAfterResponse else { return }
        if headBytes == 0 {
            if incoming.isEmpty { closeUnless(within: loop.snapshot.timeouts.clientHead) }
            requestLineEnded = false
        }
        if !requestLineEnded { requestLineEnded = bytes.readableBytesView.contains(UInt8(ascii: "\n")) }
        headBytes += bytes.readableBytes
        guard headBytes > limit else { return }
        headBytes = 0
        incoming.append(.malformed(RequestParsing.overflow(inRequestLine: !requestLineEnded)))
    }

    /// Keeps one read outstanding, so that the client's end is seen, unless too much waits already.
    func readMore() {
        guard !isReading, !isGone, incomingBytes <= 16 << 10, incoming.count < 32 else { return }
        isReading = true
        context?.read()
    }

    /// Hands queued parts to the exchange as far as it wants them, and begins the next one.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer {
            isPumping = false
            // Pipelined bytes may have stopped the reading; taken out, they make room for more.
            readMore()
        }
        while !isGone, let part = incoming.first {
            if isBusy {
                guard hand(part) else { return }
            } else {
                guard beginOrDrop(part) else { return }
            }
        }
    }

    private func hand(_ part: Incoming) -> Bool {
        switch part {
        case .head: return false
        case .body(let bytes):
            guard wantsBody else { return false }
            incoming.removeFirst()
            incomingBytes -= bytes.readableBytes
            wantsBody = false
            deliver(.clientBytes(bytes))
        case .end:
            guard wantsBody else { return false }
            incoming.removeFirst()
            wantsBody = false
            requestIsComplete = true
            deliver(.clientEnd)
        case .malformed(let error):
            guard !requestIsComplete else { return false }
            incoming.removeFirst()
            requestIsComplete = true
            keepsAlive = false
            deliver(.clientBroke(error))
        }
        return true
    }

    private func beginOrDrop(_ part: Incoming) -> Bool {
        switch part {
        case .head(let head):
            guard requestIsComplete, !closesAfterResponse else { return false }
            incoming.removeFirst()
            speaksHTTP10 = head.version == .http1_0
            begin(RequestParsing.clientHead(from: head), keepsAlive: head.isKeepAlive)
        case .body(let bytes):
            incoming.removeFirst()
            incomingBytes -= bytes.readableBytes
            discardedBytes += bytes.readableBytes
            if discardedBytes > 64 << 10 { close() }
        case .end:
            incoming.removeFirst()
            requestIsComplete = true
            if closesAfterResponse { closeWhenFlushed() }
        case .malformed(let error):
            incoming.removeFirst()
            guard !closesAfterResponse else {
                close()
                return false
            }
            let head = ClientHead(method: .other(""), path: "/")
            head.refusal = error
            begin(head, keepsAlive: false)
        }
        return true
    }

    private func begin(_ head: ClientHead, keepsAlive: Bool) {
        requestIsComplete = head.refusal != nil
        self.keepsAlive = keepsAlive
        isHeadRequest = head.method == .head
        response = .none
        discardedBytes = 0
        connectionDeadline = nil
        generation &+= 1
        var environment = LoopEnvironment(self)
        exchange = Exchange(head: head, &environment)
        isBusy = true
        hasSettled = false
        deliver(.clientHead(head))
        // The channel may be full of the answer before: nobody tells again.
        if isBusy, !isWritable { deliver(.clientWritable(false)) }
    }

    /// Queues an event and handles all that are queued, unless that is going on already.
    func deliver(_ event: ExchangeEvent) {
        events.append(event)
        drainEvents()
    }

    /// Handles queued events one at a time, performs what they ask for, and writes once.
    func drainEvents() {
        guard !isHandling else { return }
        isHandling = true
        var environment = LoopEnvironment(self)
        while let event = events.popFirst() {
            var actions = ActionList()
            swap(&actions, &loop.actions)
            exchange?.handle(event, &environment, into: &actions)
            for action in actions.items { perform(action) }
            actions.removeAll()
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
        if !keepsAlive || loop.isDraining || loop.shared.memory.pressure > .normal { closesAfterResponse = true }
        if closesAfterResponse {
            if requestIsComplete { closeWhenFlushed() } else { closeUnless(within: .seconds(1)) }
        } else {
            closeUnless(within: loop.snapshot.timeouts.keepAlive)
        }
        readMore()
    }
}

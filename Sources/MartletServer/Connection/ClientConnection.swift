import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import NIOHTTP1
import Synchronization

/// One HTTP/1.1 client connection: moves its bytes, one exchange at a time; pipelined requests wait.
final class ClientConnection: ExchangePerformer, ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// A parsed part of what the client sent, waiting for its turn.
    enum Incoming {
        case head(HTTPRequestHead)
        case body(ByteBuffer)
        case end
        indirect case malformed(GatewayError)
    }

    var context: ChannelHandlerContext?
    var incoming = CircularBuffer<Incoming>(initialCapacity: 4)
    var incomingBytes = 0
    var isPumping = false
    var requestIsComplete = true
    var keepsAlive = true
    var isReading = false
    /// Whether the channel takes bytes, as it last told.
    private(set) var isWritable = true

    var response = ResponseFraming.none
    var isHeadRequest = false
    var closesAfterResponse = false
    var discardedBytes = 0
    var out = ByteBuffer()
    /// The memory of what was written last, once the channel has let go of it.
    var spare = ByteBuffer()
    var hasUnflushed = false
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

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        let (_, count) = loop.shared.connectionCount.add(1, ordering: .relaxed)
        begin(connections: count)
    }

    /// Begins to serve an open connection that is counted already.
    ///
    /// - Parameter count: The connections that are open, with this one.
    func begin(connections count: Int) {
        loop.connections[ObjectIdentifier(self)] = self
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
        loop.connections[ObjectIdentifier(self)] = nil
        loop.shared.connectionCount.subtract(1, ordering: .relaxed)
        clientGone()
        incoming.removeAll()
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
        if !requestLineEnded {
            // A line that ends behind its limit is one that is too long, however much comes in one read.
            let line = bytes.readableBytesView.prefix(max(0, RequestParsing.maxRequestLine - headBytes))
            requestLineEnded = line.contains(UInt8(ascii: "\n"))
        }
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
    override func pump() {
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
            beginRequest(RequestParsing.clientHead(from: head), keepsAlive: head.isKeepAlive)
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
            beginRequest(head, keepsAlive: false)
        }
        return true
    }

    private func beginRequest(_ head: ClientHead, keepsAlive: Bool) {
        requestIsComplete = head.refusal != nil
        self.keepsAlive = keepsAlive
        isHeadRequest = head.method == .head
        response = .none
        discardedBytes = 0
        begin(head, isWritable: isWritable)
    }

    override func exchangeEnded() {
        if !keepsAlive || loop.isDraining || loop.shared.memory.pressure > .normal { closesAfterResponse = true }
        if closesAfterResponse {
            if requestIsComplete { closeWhenFlushed() } else { closeUnless(within: .seconds(1)) }
        } else {
            closeUnless(within: loop.snapshot.timeouts.keepAlive)
        }
        readMore()
    }

    override func drain() {
        guard !isBusy else { return }
        closesAfterResponse = true
        closeWhenFlushed()
    }

    override func writeContinue() { out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
    override func write(_ head: ResponseHead) { writeHead(head) }
    override func writeBody(_ bytes: ByteBuffer) { frameBody(bytes) }
    override func endBody() { frameEnd() }
    override func flushIfAllowed() { flushGathered() }
    override func deadlinePassed() { headTimedOut() }

    /// Breaks the connection: the client sees an answer without an end.
    override func abort() {
        guard !isGone else { return }
        closesAfterResponse = true
        close()
    }
}

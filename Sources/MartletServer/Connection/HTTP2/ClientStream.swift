import MartletCore
import MartletExchange
import MartletRouting
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 stream of a client: moves its frames; every stream has one exchange.
///
/// A reset of the stream and the loss of its connection are the client's leaving. Frames are taken from the stream only as
/// the exchange reads, so that its flow-control window is the back-pressure on the client (RFC 9113 §5.2).
final class ClientStream: ExchangePerformer, ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// Small pieces of an answer go out as one DATA frame; larger ones are not copied.
    private static let copyLimit = 16 << 10
    /// How much of the client's body waits here for the exchange.
    private static let maxWaiting = 16 << 10

    private let connection: HTTP2Connection
    private var context: ChannelHandlerContext?

    private var incoming = CircularBuffer<ByteBuffer>(initialCapacity: 2)
    private var incomingBytes = 0
    private var isPumping = false
    private var isReading = false
    private var hasHead = false
    /// Whether the client has ended its side.
    private var requestIsComplete = false
    private var endIsTold = false

    private var head: HPACKHeaders?
    private var gathered = CircularBuffer<ByteBuffer>(initialCapacity: 2)
    private var isHeadRequest = false
    private var hasNoBody = false
    private var endsAnswer = false
    private var answerIsEnded = false
    private var hasWritten = false
    /// Pieces that the connection has taken, as progress towards a slow client.
    private var piecesTaken = 0
    private var piecesTakenBefore = 0

    init(_ connection: HTTP2Connection) {
        self.connection = connection
        super.init(loop: connection.loop)
        knownCredentials = connection.knownCredentials
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        loop.connections[ObjectIdentifier(self)] = self
        let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
        connection.opened(id ?? .rootStream)
        readMore()
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !isGone else { return }
        loop.connections[ObjectIdentifier(self)] = nil
        connection.knownCredentials = knownCredentials
        clientGone()
        incoming.removeAll()
        gathered.removeAll()
        self.context = nil
        connection.closed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isBusy { deliver(.clientWritable(context.channel.isWritable)) }
    }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            if frame.endStream { requestIsComplete = true }
            // Trailers are read and dropped.
            if !hasHead { beginRequest(frame.headers) }
        case .data(let frame):
            if frame.endStream { requestIsComplete = true }
            guard case .byteBuffer(let bytes) = frame.data, bytes.readableBytes > 0, isBusy else { return }
            incomingBytes += bytes.readableBytes
            incoming.append(bytes)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        pump()
        readMore()
    }

    private func beginRequest(_ headers: HPACKHeaders) {
        hasHead = true
        let head = RequestParsing.clientHead(from: headers, hasBody: !requestIsComplete)
        isHeadRequest = head.method == .head
        begin(head, isWritable: context?.channel.isWritable ?? false)
    }

    private func readMore() {
        guard !isReading, !isGone, !requestIsComplete, incomingBytes <= Self.maxWaiting else { return }
        isReading = true
        context?.read()
    }

    override func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer {
            isPumping = false
            readMore()
        }
        while isBusy, wantsBody, !isGone {
            if let bytes = incoming.popFirst() {
                incomingBytes -= bytes.readableBytes
                wantsBody = false
                deliver(.clientBytes(bytes))
            } else if requestIsComplete, !endIsTold {
                endIsTold = true
                wantsBody = false
                deliver(.clientEnd)
            } else {
                return
            }
        }
    }

    // MARK: The answer

    override func writeContinue() {
        write(.headers(.init(headers: [":status": "100"])))
        context?.flush()
    }

    override func write(_ head: ResponseHead) {
        hasNoBody = isHeadRequest || head.status == 204
        self.head = ResponseHeadWriter.headers(head, date: loop.dateField)
    }

    override func writeBody(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0, !hasNoBody else { return }
        if let last = gathered.indices.last, gathered[last].readableBytes + bytes.readableBytes <= Self.copyLimit {
            gathered[last].writeImmutableBuffer(bytes)
        } else {
            gathered.append(bytes)
        }
    }

    override func endBody() { endsAnswer = true }

    override func flushIfAllowed() {
        guard awaitedBatch == nil, !isGone else { return }
        writeGathered()
        guard hasWritten else { return }
        hasWritten = false
        context?.flush()
    }

    /// Hands what is gathered to the stream; the last frame carries the end.
    private func writeGathered() {
        guard !answerIsEnded else { return }
        if let head {
            self.head = nil
            end(endsAnswer && gathered.isEmpty) { .headers(.init(headers: head, endStream: $0)) }
        }
        while let bytes = gathered.popFirst() {
            end(endsAnswer && gathered.isEmpty) { .data(.init(data: .byteBuffer(bytes), endStream: $0)) }
        }
        if endsAnswer, !answerIsEnded {
            end(true) { .data(.init(data: .byteBuffer(ByteBuffer()), endStream: $0)) }
        }
    }

    private func end(_ isLast: Bool, _ payload: (Bool) -> HTTP2Frame.FramePayload) {
        if isLast { answerIsEnded = true }
        write(payload(isLast))
    }

    private func write(_ payload: HTTP2Frame.FramePayload) {
        guard let context, !isGone else { return }
        hasWritten = true
        let taken = loop.eventLoop.makePromise(of: Void.self)
        let box = LoopBound((stream: self, isLast: answerIsEnded))
        taken.futureResult.whenSuccess { box.value.stream.taken(isLast: box.value.isLast) }
        context.write(wrapOutboundOut(payload), promise: taken)
    }

    private func taken(isLast: Bool) {
        piecesTaken &+= 1
        guard isLast, !requestIsComplete, !isGone, let context else { return }
        // A body that nobody wants is not asked for any more, and the answer is whole without it (RFC 9113 §8.1). Not
        // earlier: a reset overtakes what waits for the client's window.
        context.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: nil)
    }

    override func abort() {
        guard !isGone else { return }
        if awaitedBatch == nil { writeGathered() }
        gathered.removeAll()
        answerIsEnded = true
        write(.rstStream(.internalError))
        context?.flush()
    }

    override func exchangeEnded() {
        incoming.removeAll()
        incomingBytes = 0
        // The stream closes with its last frame; a client that does not take it has its time limit.
        piecesTakenBefore = piecesTaken
        closeUnless(within: loop.snapshot.timeouts.writeStall)
    }

    override func deadlinePassed() {
        // A record that is still waited for is not the client's fault.
        guard piecesTaken == piecesTakenBefore, awaitedBatch == nil else {
            piecesTakenBefore = piecesTaken
            return closeUnless(within: loop.snapshot.timeouts.writeStall)
        }
        context?.close(promise: nil)
    }
}

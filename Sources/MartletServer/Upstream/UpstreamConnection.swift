import MartletCore
import MartletDialects
import MartletExchange
import MartletRouting
import MartletWire
import NIOCore

/// One HTTP/1.1 connection to an upstream, on the loop of the exchanges that use it.
///
/// Sends whole requests, reads only when told to, takes the framing off responses in bulk, and goes back to the pool only
/// when a response ended cleanly.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let openedAt: Instant
    /// Whether what it sends stays on this device.
    let isLoopback: Bool
    /// Where it goes back to; forgotten when it closes, so that neither keeps the other.
    private var host: HostConnections?
    private var context: ChannelHandlerContext?
    /// Whose leg it serves; forgotten when the leg is over.
    private var owner: ExchangePerformer?
    private var leg = LegID(0)
    private(set) var target: Target?
    private var reader = HTTPResponseReader()
    /// A read is outstanding at the channel.
    private var isReading = false
    /// A read is wanted as soon as none is outstanding.
    private var wantsRead = false
    private var isClosed = false
    private var requestIsSent = false
    /// Counts requests, so that what is read for an earlier one is recognised.
    private var sends: UInt64 = 0
    /// Whether nobody wants the rest of the response, but its end would make the connection usable again.
    private var runsOut = false
    private var runOutTimer: Scheduled<Void>?
    /// What is left to send of a body that stands in a file.
    private var upload: UpstreamUpload?
    /// The memory of the last request, once the channel has written it.
    private var spare = ByteBuffer()

    init(host: HostConnections, isLoopback: Bool) {
        self.host = host
        self.isLoopback = isLoopback
        openedAt = .now
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    /// Whether it can take a request.
    var isUsable: Bool { !isClosed && owner == nil && !runsOut && context != nil }

    /// Belongs to an exchange's leg from now on.
    func begin(for owner: ExchangePerformer, leg: LegID, target: Target) {
        self.owner = owner
        self.target = target
        self.leg = leg
        requestIsSent = false
        reader.reset()
    }

    /// Writes a request without flushing it.
    func send(_ request: UpstreamRequest) {
        guard let context, let target else { return }
        requestIsSent = true
        sends &+= 1
        var buffer = spare
        spare = ByteBuffer()
        buffer.clear(minimumCapacity: 1_024 + min(request.body.length, 16 << 10))
        RequestHeadWriter.write(request, to: target, into: &buffer)
        upload = UpstreamUpload(request.body)
        guard upload == nil else { return context.write(wrapOutboundOut(buffer), promise: nil) }
        guard request.body.length > 16 << 10 else {
            request.body.write(to: &buffer)
            context.write(wrapOutboundOut(buffer), promise: nil)
            if buffer.capacity <= Self.keptCapacity { spare = buffer }
            return
        }
        context.write(wrapOutboundOut(buffer), promise: nil)
        for piece in request.body.buffers { context.write(wrapOutboundOut(piece), promise: nil) }
    }

    /// Bytes of memory that a connection keeps from one request for the next.
    private static let keptCapacity = 4 << 10

    /// Sends what was written, and then what stands in a file.
    func flush() {
        context?.flush()
        if upload != nil { sendNextOfUpload() }
    }

    /// Sends one stretch after the other, each when the one before it is with the system.
    private func sendNextOfUpload() {
        guard !isClosed, let owner, let file = upload?.file else { return }
        switch upload?.next() {
        case nil: upload = nil
        case .bytes(let bytes): sendOfUpload(ByteBuffer(bytes: bytes))
        case .original(let range):
            guard let eventLoop = context?.eventLoop else { return }
            let (box, number) = (LoopBound(self), sends)
            owner.loop.shared.uploads.read(range, of: file) { bytes in
                eventLoop.execute {
                    guard box.value.sends == number else { return }
                    guard let bytes else { return box.value.closeAfterFailure() }
                    box.value.sendOfUpload(bytes)
                }
            }
        }
    }

    private func sendOfUpload(_ bytes: ByteBuffer) {
        guard let context, !isClosed else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        let (box, number) = (LoopBound(self), sends)
        written.futureResult.whenSuccess {
            if box.value.sends == number { box.value.sendNextOfUpload() }
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
    }

    /// The file cannot be read: the upstream sees a request that breaks off, the exchange a closed connection.
    private func closeAfterFailure() { context?.close(promise: nil) }

    /// Reads once more; while a read is outstanding, after it.
    func readMore() {
        wantsRead = true
        guard !isReading, !isClosed else { return }
        isReading = true
        context?.read()
    }

    /// Closes it: its exchange does not want it any more.
    func abandon() {
        owner = nil
        guard !isClosed else { return }
        context?.close(promise: nil)
    }

    /// Lets the response run out: its exchange has all it needs, only the end of the framing may still be on its way.
    ///
    /// Many upstreams send the chunk that ends a stream in a packet of its own; to close the connection for that would
    /// cost the next request a handshake.
    func letGo() {
        owner = nil
        guard let context, !isClosed, requestIsSent, upload == nil, reader.head != nil else { return abandon() }
        runsOut = true
        let box = LoopBound(self)
        runOutTimer = context.eventLoop.scheduleTask(in: .seconds(1)) { box.value.abandon() }
        readMore()
    }

    private func runOut(_ output: HTTPReadOutput) {
        // What follows the end mark is not waited for.
        guard output.failure == nil, output.body.isEmpty, output.ended else {
            return output.failure == nil && output.body.isEmpty ? wantsRead = true : abandon()
        }
        endRunOut()
        finish()
    }

    private func endRunOut() {
        runsOut = false
        runOutTimer?.cancel()
        runOutTimer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        wantsRead = false
        guard requestIsSent, owner != nil || runsOut else {
            // Bytes nobody asked for: this connection must not carry another request.
            let (waiting, leg) = (owner, leg)
            waiting?.detach(leg)
            abandon()
            waiting?.deliver(.legFailed(leg, .closed))
            return
        }
        // The receive buffer is shared only with NIO's pool of buffers, which does not look at its bytes: taking the chunk
        // framing out in place is safe, while the checked way would copy the whole buffer on every read.
        let output = unsafe buffer.withUnsafeReadableBytes { bytes in
            unsafe reader.consume(UnsafeMutableRawBufferPointer(mutating: bytes))
        }
        guard let owner else { return runOut(output) }
        // What brings nothing to the exchange is not answered with its wish to read on.
        if !output.headCompleted, output.body.isEmpty, !output.ended { wantsRead = true }
        if output.headCompleted, let head = reader.head {
            // A refused signature may be one of a wrong time; known before the exchange asks whether to try again.
            if head.status == 403, let target { owner.loop.shared.credentials.refused(target, by: head) }
            owner.events.append(.legHead(leg, UpstreamHead(head)))
        }
        if !output.body.isEmpty,
            let body = buffer.getSlice(at: buffer.readerIndex + output.body.lowerBound, length: output.body.count)
        {
            owner.events.append(.legBytes(leg, body))
        }
        if output.failure != nil {
            owner.detach(leg)
            owner.events.append(.legFailed(leg, .framing))
            abandon()
        } else if output.ended {
            owner.detach(leg)
            owner.events.append(.legEnd(leg))
            finish()
        }
        owner.drainEvents()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        // An idle connection keeps one read outstanding, so that its end is seen before it is used again.
        if wantsRead || owner == nil { readMore() }
    }

    /// The response is over: back to the pool if nothing is left on the wire.
    private func finish() {
        owner = nil
        requestIsSent = false
        // An answer may come before the whole request is sent.
        guard reader.canReuseConnection, upload == nil, let host, !isClosed else { return abandon() }
        readMore()
        host.giveBack(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        upload = nil
        endRunOut()
        self.context = nil
        host?.forget(self)
        host = nil
        guard let owner else { return }
        self.owner = nil
        owner.detach(leg)
        switch reader.finish() {
        case .complete: owner.deliver(.legEnd(leg))
        default: owner.deliver(.legFailed(leg, .closed))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

extension UpstreamHead {
    /// Reduces a response head to what decides.
    init(_ head: HTTPResponseHead) {
        let media: Media =
            if head.isContentType("application/json") {
                .json
            } else if head.isContentType("text/event-stream") {
                .eventStream
            } else if head.isContentType("application/x-ndjson") {
                .ndjson
            } else if head.isContentType("application/vnd.amazon.eventstream") {
                .awsEvents
            } else {
                .other
            }
        var wait: Duration?
        if head.status >= 400, head.retryAfter != nil || head.retryAfterMs != nil {
            let parsed = RetryAfter(
                retryAfter: head.retryAfter,
                retryAfterMs: head.retryAfterMs,
                dateNow: Int64(WallClock.milliseconds() / 1_000)
            )
            wait = parsed.isOverLimit ? RetryAfter.longest : parsed.delay
        }
        // A compressed body was not asked for and cannot be watched.
        let isPlain = head.contentEncoding.map { $0.elementsEqual("identity".utf8) } ?? true
        self.init(status: head.status, media: isPlain ? media : .other, retryAfter: wait)
        if head.errorType != nil || head.inputTokens != nil {
            told = Told(
                errorType: head.errorType.map { BedrockError.name(String(decoding: $0, as: UTF8.self)) },
                inputTokens: head.inputTokens.flatMap { Int64(exactly: $0) }
                    .flatMap { 0...Usage.largestCount ~= $0 ? $0 : nil }
            )
        }
        if self.media == .other, isPlain { contentType = head.contentType.map { String(decoding: $0, as: UTF8.self) } }
    }
}

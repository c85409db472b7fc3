import MartletCore
import MartletExchange
import MartletRouting
import NIOCore
import NIOHTTP2
import Synchronization

/// One HTTP/2 connection: counts its streams, and ends it in order when it is idle or the gateway drains.
///
/// Streams, flow control and the framing itself are NIOHTTP2's; see ``HTTP2Limits`` for what it refuses.
final class HTTP2Connection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let loop: LoopContext
    /// The credentials that a stream of this connection was last let in with.
    var knownCredentials: KnownCredentials?
    private var context: ChannelHandlerContext?
    private var openStreams = 0
    private var lastStream = HTTP2StreamID.rootStream
    private var timer: Scheduled<Void>?
    private var phase = Phase.serving

    /// How far the connection's end is.
    private enum Phase {
        case serving
        /// GOAWAY is sent: no further stream is taken.
        case ending
        /// Everything is written and the connection closes.
        case closing
    }

    init(loop: LoopContext) { self.loop = loop }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    /// Begins to serve an open connection that is counted already.
    func begin() {
        loop.http2Connections[ObjectIdentifier(self)] = self
        if loop.isDraining { return drain() }
        wait(TimeAmount(loop.snapshot.timeouts.clientHead)) { $0.drain() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.http2Connections[ObjectIdentifier(self)] = nil
        loop.shared.connectionCount.subtract(1, ordering: .relaxed)
        timer?.cancel()
        timer = nil
        self.context = nil
        context.fireChannelInactive()
    }

    /// A frame of the connection itself; all but the client's farewell are NIOHTTP2's.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway = unwrapInboundIn(data).payload { drain() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What concerns one stream has ended that stream.
        if error is NIOHTTP2Errors.StreamError || error is NIOHTTP2Errors.NoSuchStream { return }
        context.close(promise: nil)
    }

    /// A stream begins.
    func opened(_ id: HTTP2StreamID) {
        openStreams += 1
        lastStream = max(lastStream, id)
        guard phase == .serving else { return }
        timer?.cancel()
        timer = nil
    }

    /// A stream is over.
    func closed() {
        openStreams -= 1
        guard openStreams == 0 else { return }
        switch phase {
        case .serving:
            if loop.shared.memory.pressure > .normal { return drain() }
            wait(TimeAmount(loop.snapshot.timeouts.keepAlive)) { $0.drain() }
        case .closing: break
        case .ending: closeBehindWrites()
        }
    }

    /// Takes no further stream, and closes behind the last one.
    ///
    /// A request that crosses this on the wire is refused unseen, which tells the client that it may send it again
    /// elsewhere (RFC 9113 §6.8, §8.7).
    func drain() {
        guard phase == .serving else { return }
        phase = .ending
        timer?.cancel()
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
        )
        context?.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        if openStreams == 0 { closeBehindWrites() }
    }

    /// Closes once the last byte is with the operating system; a client that does not read has its time limit.
    private func closeBehindWrites() {
        guard let context, phase == .ending else { return }
        phase = .closing
        wait(TimeAmount(loop.snapshot.timeouts.writeStall)) { $0.context?.close(promise: nil) }
        let written = loop.eventLoop.makePromise(of: Void.self)
        let box = LoopBound(self)
        written.futureResult.whenComplete { _ in box.value.context?.close(promise: nil) }
        // Behind all other frames.
        let frame = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: false))
        context.writeAndFlush(wrapOutboundOut(frame), promise: written)
    }

    private func wait(_ time: TimeAmount, _ body: @escaping (HTTP2Connection) -> Void) {
        timer?.cancel()
        let box = LoopBound((connection: self, body: body))
        timer = loop.eventLoop.scheduleTask(in: time) { box.value.body(box.value.connection) }
    }
}

import MartletCore
import MartletRouting
import NIOCore
import NIOTLS
import Synchronization

/// Reads until a client's TLS handshake is done, and gives the connection the handlers of the protocol that was agreed on.
///
/// Clients that name no protocol speak HTTP/1.1 (RFC 7301). The handshake has the time of a request head.
final class TLSNegotiation: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let loop: LoopContext
    private var count = 0
    private var isDone = false
    private var timer: Scheduled<Void>?

    init(loop: LoopContext) { self.loop = loop }

    func channelActive(context: ChannelHandlerContext) {
        count = loop.shared.connectionCount.add(1, ordering: .relaxed).newValue
        // There is no answer before the handshake, which is the costly part.
        guard !loop.isDraining, count <= loop.snapshot.admission.connections else {
            return context.close(promise: nil)
        }
        let channel = context.channel
        timer = loop.eventLoop.scheduleTask(in: TimeAmount(loop.snapshot.timeouts.clientHead)) {
            channel.close(promise: nil)
        }
        context.fireChannelActive()
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if !isDone { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !isDone, let event = event as? TLSUserEvent, case .handshakeCompleted(let negotiated) = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        timer?.cancel()
        do {
            if negotiated == "h2" {
                try HTTP2Pipeline.begin(on: context.channel, loop: loop)
            } else {
                try HTTP1Pipeline.add(to: context.channel, loop: loop).begin(connections: count)
            }
            isDone = true
        } catch {
            return context.close(promise: nil)
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if !isDone { loop.shared.connectionCount.subtract(1, ordering: .relaxed) }
        isDone = true
        context.fireChannelInactive()
    }
}

import NIOCore
import NIOTLS

/// Reads until the TLS handshake is done and tells how it ended; then it takes itself out of the way.
///
/// A dial is over only with the handshake: a server that accepts and says nothing must meet the connect limit.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let ended: EventLoopPromise<Void>
    private var isDone = false

    /// The handshake did not end well.
    struct Failed: Error {}

    /// - Parameter ended: Succeeds with the handshake, fails with the connection.
    init(ended: EventLoopPromise<Void>) { self.ended = ended }

    func handlerAdded(context: ChannelHandlerContext) {
        // Behind a proxy, the handshake begins on a connection that is open already.
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if !isDone { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard !isDone, let event = event as? TLSUserEvent, case .handshakeCompleted = event else { return }
        isDone = true
        ended.succeed()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { ended.fail(Failed()) }
        isDone = true
        context.fireChannelInactive()
    }
}

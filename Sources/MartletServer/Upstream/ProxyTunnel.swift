import MartletRouting
import NIOCore

/// Asks a proxy for a tunnel (`CONNECT`, RFC 9110 §9.3.6), then lets `opened` add what speaks through it.
///
/// Any answer but a whole 2xx head ends the connection, and with it the dial.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest answer of a proxy, in bytes.
    private static let maxHead = 16 << 10

    private let request: String
    private let ended: EventLoopPromise<Void>
    private let opened: (ChannelHandlerContext) throws -> Void
    private var head: [UInt8] = []
    private var isDone = false

    /// - Parameters:
    ///   - ended: Fails when there is no tunnel.
    ///   - opened: Adds handlers behind the one whose context it gets.
    init(
        to endpoint: Endpoint,
        by proxy: Proxy,
        ended: EventLoopPromise<Void>,
        opened: @escaping (ChannelHandlerContext) throws -> Void
    ) {
        let name = endpoint.host.utf8.contains(UInt8(ascii: ":")) ? "[\(endpoint.host)]" : endpoint.host
        let authority = "\(name):\(endpoint.port)"
        var request = "CONNECT \(authority) HTTP/1.1\r\nhost: \(authority)\r\n"
        if let authorization = proxy.authorization { request += "proxy-authorization: \(authorization)\r\n" }
        self.request = request + "\r\n"
        self.ended = ended
        self.opened = opened
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        head += unwrapInboundIn(data).readableBytesView
        guard head.count <= Self.maxHead else { return context.close(promise: nil) }
        // A server does not speak first in TLS: what stands behind the head is not from there.
        guard head.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
        let isOpen = head.starts(with: "HTTP/1.1 2".utf8) || head.starts(with: "HTTP/1.0 2".utf8)
        guard isOpen else { return context.close(promise: nil) }
        isDone = true
        do {
            try opened(context)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { ended.fail(HandshakeHandler.Failed()) }
        isDone = true
        context.fireChannelInactive()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !isDone else { return context.fireChannelReadComplete() }
        context.read()
    }
}

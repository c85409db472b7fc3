import NIOCore

/// Counts the bytes of a head before the parser has seen its end, so that neither its size nor its time is unbounded.
final class HeadMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The request line and all fields together.
    private static let maxHead = 72 << 10
    private let connection: ClientConnection

    init(_ connection: ClientConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.received(unwrapInboundIn(data), limit: Self.maxHead)
        context.fireChannelRead(data)
    }
}

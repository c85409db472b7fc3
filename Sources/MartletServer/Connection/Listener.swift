import MartletRouting
import NIOCore
import NIOHTTP1
import NIOPosix

/// Accepts HTTP/1.1 connections and gives each one its handlers.
enum Listener {
    /// Binds and listens.
    ///
    /// - Throws: The system's error when the address cannot be bound.
    static func bind(
        host: String,
        port: Int,
        group: any EventLoopGroup,
        loops: [LoopBound<LoopContext>]
    ) async throws -> any Channel {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 64 << 10
        limits.maxHeaderFieldCount = RequestParsing.maxFields
        let configuration = limits
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_sndbuf), value: 128 << 10)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 16 << 10, high: 64 << 10))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ClientReceiveAllocator())
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops.first(where: { $0.value.eventLoop === channel.eventLoop })?.value else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    let connection = ClientConnection(loop: loop)
                    let pipeline = channel.pipeline.syncOperations
                    let decoder = HTTPRequestDecoder(
                        leftOverBytesStrategy: .dropBytes,
                        limitConfiguration: configuration
                    )
                    try pipeline.addHandler(HeadMeter(connection))
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(connection)
                }
            }
            .bind(host: host, port: port)
            .get()
    }
}

import MartletRouting
import NIOCore
import NIOPosix
import NIOSSL

/// Accepts connections and gives each one its handlers: HTTP/1.1, and behind TLS what the client agrees to.
enum Listener {
    /// Binds and listens.
    ///
    /// - Parameter tls: The certificate; `nil` listens in clear.
    /// - Throws: The system's error when the address cannot be bound.
    static func bind(
        host: String,
        port: Int,
        tls: TLSFiles?,
        group: any EventLoopGroup,
        loops: [LoopBound<LoopContext>]
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
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
                    guard let tls else {
                        try HTTP1Pipeline.add(to: channel, loop: loop)
                        return
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
                    try pipeline.addHandler(TLSNegotiation(loop: loop))
                }
            }
            .bind(host: host, port: port)
            .get()
    }
}

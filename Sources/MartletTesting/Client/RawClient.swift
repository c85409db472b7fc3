import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An HTTP client that sends exactly the bytes it is given, in the pieces it is given, and shows what comes back.
public final class RawClient: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// What went wrong.
    public enum Failure: Error, Hashable {
        /// Nothing came within the limit.
        case timedOut
        /// The connection ended where a response was expected.
        case closed
    }

    /// Connects to a port of 127.0.0.1.
    ///
    /// - Parameters:
    ///   - reads: Whether it reads; one that does not shows what back-pressure does.
    ///   - receiveBuffer: Size of the socket's receive buffer in bytes, when it matters.
    ///   - roots: A PEM file of trusted roots: speaks TLS to the name `localhost`, and HTTP/1.1 by ALPN. `nil` speaks in
    ///     clear.
    /// - Throws: The system's error, or NIOSSL's when there is no handshake.
    public static func connect(
        port: Int,
        reads: Bool = true,
        receiveBuffer: Int? = nil,
        roots: String? = nil
    ) async throws -> RawClient {
        let inbox = Inbox()
        let tls = try roots.map { file in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(file)
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        }
        let group = MultiThreadedEventLoopGroup.singleton
        let handshake = tls == nil ? nil : group.any().makePromise(of: Void.self)
        var bootstrap = ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A handshake needs both directions.
            .channelOption(.autoRead, value: reads || tls != nil)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(
                .socketOption(.so_rcvbuf),
                value: ChannelOptions.Types.SocketOption.Value(receiveBuffer)
            )
        }
        let connecting = bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                if let tls, let handshake {
                    try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    try pipeline.addHandler(HandshakeWatch(handshake))
                }
                try pipeline.addHandler(InboxHandler(inbox))
            }
        }
        .connect(host: "127.0.0.1", port: port)
        connecting.whenFailure { handshake?.fail($0) }
        let channel = try await connecting.get()
        if let handshake {
            try await handshake.futureResult.get()
            if !reads { try await channel.setOption(.autoRead, value: false).get() }
        }
        return RawClient(channel: channel, inbox: inbox)
    }

    /// Sends bytes in one write.
    public func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Sends text in one write.
    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends pieces in one write each.
    public func send(pieces: [[UInt8]]) async throws {
        for piece in pieces { try await send(piece) }
    }

    /// Returns the next response; one that the connection's end cut off has `isComplete == false`.
    ///
    /// - Parameter isHead: Whether the request was HEAD.
    /// - Throws: ``Failure``, or an error that describes bytes that are no response.
    public func response(isHead: Bool = false, within limit: Duration = .seconds(20)) async throws -> RawResponse {
        let deadline = ContinuousClock.now + limit
        while true {
            let seen = inbox.progress
            if let response = try inbox.take(isHead: isHead, isOver: seen.isOver) { return response }
            if seen.isOver { throw Failure.closed }
            guard await inbox.changed(since: seen, until: deadline) else { throw Failure.timedOut }
        }
    }

    /// Returns once at least so many bytes have come in over the connection's whole life.
    public func received(_ count: Int, within limit: Duration = .seconds(20)) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            let seen = inbox.progress
            if seen.byteCount >= count { return }
            if seen.isOver { throw Failure.closed }
            guard await inbox.changed(since: seen, until: deadline) else { throw Failure.timedOut }
        }
    }

    /// Returns whether the other side ends the connection within the limit.
    public func isClosed(within limit: Duration = .seconds(20)) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            let seen = inbox.progress
            if seen.isOver { return true }
            guard await inbox.changed(since: seen, until: deadline) else { return false }
        }
    }

    /// Bytes that came in so far.
    public var byteCount: Int { inbox.progress.byteCount }

    /// Begins to read, if it did not.
    public func startReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// Ends the connection in order (FIN).
    public func close() async { try? await channel.close() }

    /// Says that nothing more will be sent, and goes on reading (half-close; with TLS, `close_notify`).
    public func finishSending() async throws { try await channel.close(mode: .output) }

    /// Ends the connection at once (RST).
    public func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }
}

/// Tells how a TLS handshake ended.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let ended: EventLoopPromise<Void>

    /// - Parameter ended: Is told once; later ends do not count.
    init(_ ended: EventLoopPromise<Void>) { self.ended = ended }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { ended.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}

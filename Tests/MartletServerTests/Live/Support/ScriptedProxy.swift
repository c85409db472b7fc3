import NIOCore
import NIOPosix
import Synchronization

/// A proxy that takes every request for 127.0.0.1, keeps the heads it was sent, and can refuse.
final class ScriptedProxy: Sendable {
    let port: Int
    private let listener: any Channel
    private let seen: Seen

    final class Seen: Sendable {
        let heads = Mutex<[String]>([])
    }

    /// The heads so far, each with its line ends.
    var heads: [String] { seen.heads.withLock { $0 } }

    private init(listener: any Channel, seen: Seen) {
        self.listener = listener
        self.seen = seen
        port = listener.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - upstream: The port that everything goes to, whatever its name.
    ///   - answer: The answer to `CONNECT`.
    static func start(to upstream: Int, answer: String = "HTTP/1.1 200 OK\r\n\r\n") async throws -> ScriptedProxy {
        let seen = Seen()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ProxyHandler(upstream: upstream, answer: answer, seen: seen)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedProxy(listener: listener, seen: seen)
    }

    func stop() async { try? await listener.close() }
}

/// Reads one head, then passes bytes both ways.
private final class ProxyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let upstream: Int
    private let answer: String
    private let seen: ScriptedProxy.Seen
    private var head = ByteBuffer()
    private var other: (any Channel)?
    private var isConnecting = false

    init(upstream: Int, answer: String, seen: ScriptedProxy.Seen) {
        self.upstream = upstream
        self.answer = answer
        self.seen = seen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let other { return other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
        head.writeImmutableBuffer(unwrapInboundIn(data))
        let text = String(buffer: head)
        guard !isConnecting, text.contains("\r\n\r\n") else { return }
        isConnecting = true
        let lines = String(text.prefix { $0 != "{" })
        seen.heads.withLock { $0.append(lines) }
        let isTunnel = text.hasPrefix("CONNECT ")
        if isTunnel, !answer.contains(" 200") {
            return context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
        let front = context.channel
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PassHandler(to: front))
                }
            }
            .connect(host: "127.0.0.1", port: upstream).whenSuccess { channel in
                let (handler, context) = box.value
                handler.other = channel
                if isTunnel {
                    context.writeAndFlush(handler.wrapOutboundOut(ByteBuffer(string: handler.answer)), promise: nil)
                } else {
                    channel.writeAndFlush(handler.head, promise: nil)
                }
            }
    }

    func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
}

private final class PassHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let front: any Channel

    init(to front: any Channel) { self.front = front }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        front.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { front.close(promise: nil) }
}

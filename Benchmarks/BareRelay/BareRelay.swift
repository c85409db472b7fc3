import NIOCore
import NIOHTTP1
import NIOPosix

/// The control of the benchmarks: handlers on one loop that relay HTTP/1.1 without any gateway logic.
///
/// `BareRelay PORT UPSTREAM_PORT` listens on 127.0.0.1 and forwards every request to 127.0.0.1:UPSTREAM_PORT over a pool of
/// connections of its own.
@main
enum BareRelay {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard arguments.count == 2 else {
            print("usage: BareRelay PORT UPSTREAM_PORT")
            return
        }
        let upstream = arguments[1]
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let pool = try loop.submit { NIOLoopBound(Pool(loop: loop, port: upstream), eventLoop: loop) }.wait()
        let channel = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(Downstream(pool: pool.value))
                }
            }
            .bind(host: "127.0.0.1", port: arguments[0])
            .wait()
        try channel.closeFuture.wait()
    }
}

/// Idle upstream connections of the loop.
final class Pool {
    private let loop: any EventLoop
    private let port: Int
    private var idle: [Upstream] = []

    init(loop: any EventLoop, port: Int) {
        self.loop = loop
        self.port = port
    }

    func take(_ use: @escaping (Upstream) -> Void) {
        if let upstream = idle.popLast() { return use(upstream) }
        let box = NIOLoopBound((pool: self, use: use), eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPRequestEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
                    try pipeline.addHandler(Upstream(pool: box.value.pool))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenSuccess { channel in
                if let upstream = try? channel.pipeline.syncOperations.handler(type: Upstream.self) {
                    box.value.use(upstream)
                }
            }
    }

    func give(_ upstream: Upstream) { idle.append(upstream) }

    func forget(_ upstream: Upstream) { idle.removeAll { $0 === upstream } }
}

/// The client's side: forwards parts as they come.
final class Downstream: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pool: Pool
    private var upstream: Upstream?
    private var waiting: [HTTPClientRequestPart] = []
    private var keepsAlive = true
    var context: ChannelHandlerContext?

    init(pool: Pool) { self.pool = pool }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            keepsAlive = head.isKeepAlive
            let request = HTTPRequestHead(version: .http1_1, method: head.method, uri: head.uri, headers: head.headers)
            send(.head(request))
            pool.take { upstream in
                self.upstream = upstream
                upstream.owner = self
                for part in self.waiting { upstream.send(part) }
                self.waiting.removeAll()
            }
        case .body(let bytes): send(.body(.byteBuffer(bytes)))
        case .end: send(.end(nil))
        }
    }

    private func send(_ part: HTTPClientRequestPart) {
        if let upstream { upstream.send(part) } else { waiting.append(part) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        upstream?.close()
        self.context = nil
    }

    func relay(_ part: HTTPServerResponsePart) {
        guard let context else { return }
        guard case .end = part else { return context.write(wrapOutboundOut(part), promise: nil) }
        upstream = nil
        if keepsAlive { return context.write(wrapOutboundOut(part), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(part)).whenComplete { _ in channel.close(promise: nil) }
    }

    func flush() { context?.flush() }
}

/// The upstream's side: forwards parts of one read, then flushes.
final class Upstream: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let pool: Pool
    private var context: ChannelHandlerContext?
    var owner: Downstream?

    init(pool: Pool) { self.pool = pool }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func send(_ part: HTTPClientRequestPart) {
        context?.write(wrapOutboundOut(part), promise: nil)
        if case .end = part { context?.flush() }
    }

    func close() { context?.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let owner else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            owner.relay(.head(HTTPResponseHead(version: .http1_1, status: head.status, headers: head.headers)))
        case .body(let bytes): owner.relay(.body(.byteBuffer(bytes)))
        case .end:
            owner.relay(.end(nil))
            owner.flush()
            self.owner = nil
            pool.give(self)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { owner?.flush() }

    func channelInactive(context: ChannelHandlerContext) {
        pool.forget(self)
        self.context = nil
    }
}

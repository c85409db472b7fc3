import NIOCore
import NIOHTTP1
import NIOPosix

/// A server on loopback that answers as a test says.
struct ScriptedGateway {
    /// What came in.
    struct Request: Sendable {
        var method: String
        var path: String
        var headers: [String: String]
        var body: String
    }

    /// What goes out; each text is flushed by itself.
    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = ["content-type": "application/json"]
        var parts: [String] = []
        /// Whether the connection is closed within the body.
        var breaksOff = false
    }

    /// Runs a server while the body lasts, which gets its URL.
    static func serving<Result>(
        _ answer: @escaping @Sendable (Request) -> Answer,
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
            try await channel.close().get()
            return result
        } catch {
            try? await channel.close().get()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) -> Answer
        private var request = Request(method: "", path: "", headers: [:], body: "")

        init(answer: @escaping @Sendable (Request) -> Answer) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                let fields = head.headers.map { ($0.name.lowercased(), $0.value) }
                request = Request(
                    method: head.method.rawValue,
                    path: head.uri,
                    headers: Dictionary(fields) { first, _ in first },
                    body: ""
                )
            case .body(let buffer): request.body += String(buffer: buffer)
            case .end: respond(context)
            }
        }

        private func respond(_ context: ChannelHandlerContext) {
            let answer = answer(request)
            let head = HTTPResponseHead(
                version: .http1_1,
                status: HTTPResponseStatus(statusCode: answer.status),
                headers: HTTPHeaders(answer.headers.map { ($0.key, $0.value) })
            )
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            for part in answer.parts {
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: part)))), promise: nil)
            }
            if answer.breaksOff {
                context.close(promise: nil)
            } else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

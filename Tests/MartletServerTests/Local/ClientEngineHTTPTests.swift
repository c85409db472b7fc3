import MartletRouting
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import MartletServer

@Suite("Engine client", .timeLimit(.minutes(1)))
struct ClientEngineHTTPTests {
    /// Runs a server and a client against it.
    private func withServer(
        timeout: Duration = .seconds(20),
        _ body: (ClientEngineHTTP, Endpoint) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(OddServer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let client = ClientEngineHTTP(group: group, timeout: timeout)
        do {
            try await body(client, Endpoint(tls: false, host: "127.0.0.1", port: port, basePath: "/ignored"))
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        try? await server.close()
    }

    @Test("sends a GET with the given fields and reads status, Server and body")
    func answers() async throws {
        try await withServer { client, endpoint in
            let answer = try await client.get(endpoint, path: "/echo", headers: [HeaderField(name: "x-a", value: "b")])
            #expect(answer.status == 200)
            #expect(answer.server == "odd")
            #expect(!answer.isGateway)
            #expect(String(decoding: answer.body, as: UTF8.self) == "GET /echo b -")
        }
    }

    @Test("does not follow redirects, and sees a gateway's mark")
    func redirects() async throws {
        try await withServer { client, endpoint in
            let answer = try await client.get(endpoint, path: "/redirect", headers: [])
            #expect(answer.status == 302)
            #expect(answer.isGateway)
        }
    }

    @Test("refuses a body over 1 MiB")
    func largeBody() async throws {
        try await withServer { client, endpoint in
            await #expect(throws: EngineFailure.unusable) {
                try await client.get(endpoint, path: "/large", headers: [])
            }
        }
    }

    @Test("gives up on a body that trickles", arguments: ["/trickle", "/silent"])
    func timeout(path: String) async throws {
        try await withServer(timeout: .milliseconds(200)) { client, endpoint in
            await #expect(throws: EngineFailure.timeout) { try await client.get(endpoint, path: path, headers: []) }
        }
    }

    @Test("tells a refused connection at once")
    func refused() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await listener.close()
        let client = ClientEngineHTTP(group: group, timeout: .seconds(20))
        let endpoint = Endpoint(tls: false, host: "127.0.0.1", port: port, basePath: "")
        await #expect(throws: EngineFailure.unreachable) { try await client.get(endpoint, path: "/", headers: []) }
        await client.shutdown()
    }
}

/// A server with a path for every oddity.
private final class OddServer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var trickle: RepeatedTask?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        var fields: HTTPHeaders = ["server": "odd"]
        var body = ByteBuffer()
        switch head.uri {
        case "/redirect":
            fields.add(name: "location", value: "/echo")
            fields.add(name: "x-gateway", value: "martlet")
        case "/large": body = ByteBuffer(repeating: 0x61, count: (1 << 20) + 1)
        case "/silent": return
        case "/trickle": fields.add(name: "content-length", value: "1000000")
        default:
            let field = head.headers.first(name: "x-a") ?? "-"
            let cookie = head.headers.first(name: "cookie") ?? "-"
            body = ByteBuffer(string: "\(head.method) \(head.uri) \(field) \(cookie)")
        }
        if head.uri != "/trickle" { fields.add(name: "content-length", value: String(body.readableBytes)) }
        let status: HTTPResponseStatus = head.uri == "/redirect" ? .found : .ok
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: fields))), promise: nil)
        guard head.uri == "/trickle" else {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            return
        }
        context.flush()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        trickle = context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(10)) { _ in
            let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "a")))
            bound.value.writeAndFlush(NIOAny(part), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { trickle?.cancel() }
}

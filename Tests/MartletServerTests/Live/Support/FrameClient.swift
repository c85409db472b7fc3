import MartletTesting
import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import Testing

/// An HTTP/2 client that sends exactly the frames it is told to, well-formed or not, over TLS with ALPN `h2`.
///
/// Used by one test at a time; a wait that is never met ends with the suite's time limit.
final class FrameClient {
    /// A frame as it stands on the wire (RFC 9113 §4.1).
    struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: Int
        var payload: [UInt8]

        var isEnd: Bool { (type == 0 || type == 1) && flags & 1 != 0 }
        /// The error code of RST_STREAM or GOAWAY.
        var code: Int? {
            switch type {
            case 3 where payload.count == 4: payload.reduce(0) { $0 << 8 | Int($1) }
            case 7 where payload.count >= 8: payload[4..<8].reduce(0) { $0 << 8 | Int($1) }
            default: nil
            }
        }
    }

    /// What came on one stream.
    struct Answer {
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var isEnded = false
        var resetCode: Int?

        var status: Int? { self[":status"].flatMap(Int.init) }
        var text: String { String(decoding: body, as: UTF8.self) }

        subscript(name: String) -> String? { fields.last { $0.name == name }?.value }
    }

    private let channel: any Channel
    private var frames: AsyncStream<Frame>.Iterator
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    private var decoder = HPACKDecoder(
        allocator: ByteBufferAllocator(),
        maxDynamicTableSize: 4_096,
        maxHeaderListSize: 1 << 20
    )

    private(set) var answers: [Int: Answer] = [:]
    private(set) var goAways: [(last: Int, code: Int)] = []
    private(set) var isClosed = false
    /// Whether the server's settings came and were acknowledged.
    private(set) var knowsSettings = false
    /// Whether windows are given back as bytes come.
    var givesBack = true

    private init(channel: any Channel, frames: AsyncStream<Frame>) {
        self.channel = channel
        self.frames = frames.makeAsyncIterator()
    }

    /// Connects, and sends the preface with empty settings.
    static func connect(port: Int, root: String, preface: Bool = true) async throws -> FrameClient {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(root)
        configuration.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: configuration)
        let (stream, sink) = AsyncStream.makeStream(of: Frame.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try pipeline.addHandler(FrameSplitter(sink))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let client = FrameClient(channel: channel, frames: stream)
        if preface {
            try await client.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
            try await client.send(type: 4, stream: 0)
        }
        return client
    }

    /// Sends bytes as they are.
    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// Sends one frame.
    func send(type: UInt8, flags: UInt8 = 0, stream: Int, _ payload: [UInt8] = []) async throws {
        try await send(Self.frame(type: type, flags: flags, stream: stream, payload))
    }

    static func frame(type: UInt8, flags: UInt8 = 0, stream: Int, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + (0..<4).map { UInt8(stream >> (24 - 8 * $0) & 255) } + payload
    }

    /// A block of fields, as HEADERS carries it.
    func block(_ fields: [(String, String)]) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try encoder.encode(headers: HPACKHeaders(fields), to: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Sends a request's head.
    func head(_ stream: Int, _ fields: [(String, String)], end: Bool = true) async throws {
        try await send(type: 1, flags: end ? 5 : 4, stream: stream, try block(fields))
    }

    /// Sends a chat request.
    func chat(_ stream: Int, _ body: [UInt8], more: [(String, String)] = []) async throws {
        try await head(stream, Self.post() + more, end: false)
        try await send(type: 0, flags: 1, stream: stream, body)
    }

    static func post(_ path: String = "/v1/chat/completions") -> [(String, String)] {
        [
            (":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "localhost"),
            ("authorization", "Bearer \(LiveGateway.key)"), ("content-type", "application/json"),
        ]
    }

    static func get(_ path: String, key: String = LiveGateway.key) -> [(String, String)] {
        [
            (":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "localhost"),
            ("authorization", "Bearer \(key)"),
        ]
    }

    /// Takes frames until a condition is met, or the connection ends.
    func until(_ isMet: (FrameClient) -> Bool) async throws {
        while !isMet(self) {
            guard let frame = await frames.next(isolation: #isolation) else {
                isClosed = true
                return
            }
            try await take(frame)
        }
    }

    /// The answer on a stream, once it is over.
    func answer(_ stream: Int) async throws -> Answer {
        try await until { $0.answers[stream].map { $0.isEnded || $0.resetCode != nil } ?? false }
        return answers[stream] ?? Answer()
    }

    private func take(_ frame: Frame) async throws {
        // Taken out, so that a long body is not copied with every frame.
        var answer = answers.removeValue(forKey: frame.stream) ?? Answer()
        switch frame.type {
        case 0:
            answer.body += frame.payload
            if givesBack, !frame.payload.isEmpty {
                let count = (0..<4).map { UInt8(frame.payload.count >> (24 - 8 * $0) & 255) }
                try? await send(type: 8, stream: 0, count)
                if !frame.isEnd { try? await send(type: 8, stream: frame.stream, count) }
            }
        case 1:
            var buffer = ByteBuffer(bytes: frame.payload)
            answer.fields += try decoder.decodeHeaders(from: &buffer).map { (name: $0.name, value: $0.value) }
        case 3: answer.resetCode = frame.code
        case 4 where frame.flags & 1 == 0:
            try? await send(type: 4, flags: 1, stream: 0)
            knowsSettings = true
        case 6 where frame.flags & 1 == 0: try? await send(type: 6, flags: 1, stream: 0, frame.payload)
        case 7:
            let last = frame.payload.prefix(4).reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
            goAways.append((last, frame.code ?? -1))
        default: break
        }
        if frame.isEnd { answer.isEnded = true }
        if frame.stream > 0 { answers[frame.stream] = answer }
    }

    func close() async { try? await channel.close() }
}

/// Cuts what comes into frames.
private final class FrameSplitter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let sink: AsyncStream<FrameClient.Frame>.Continuation
    private var rest: [UInt8] = []

    init(_ sink: AsyncStream<FrameClient.Frame>.Continuation) { self.sink = sink }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        rest += unwrapInboundIn(data).readableBytesView
        var start = 0
        while rest.count - start >= 9 {
            let length = Int(rest[start]) << 16 | Int(rest[start + 1]) << 8 | Int(rest[start + 2])
            guard rest.count - start >= 9 + length else { break }
            let stream = rest[start + 5..<start + 9].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
            sink.yield(
                .init(
                    type: rest[start + 3],
                    flags: rest[start + 4],
                    stream: stream,
                    payload: Array(rest[start + 9..<start + 9 + length])
                )
            )
            start += 9 + length
        }
        rest.removeFirst(start)
    }

    func channelInactive(context: ChannelHandlerContext) { sink.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

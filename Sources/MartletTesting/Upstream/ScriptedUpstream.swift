import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A model server on a loopback port that does what the model's name in a request says, and keeps what it was sent.
///
/// It writes raw bytes, so that it can lie about lengths, end in the middle of an event, or reset. The names stand in
/// ``UpstreamScript/named(_:attempt:unixSeconds:)``.
///
/// ```swift
/// let upstream = try await ScriptedUpstream.start()
/// // … requests to upstream.baseURL, with model "flaky:2" …
/// #expect(upstream.journal.requests.count == 3)
/// await upstream.stop()
/// ```
public final class ScriptedUpstream: Sendable {
    /// Chooses a script for a request; the number says how many requests of its model there were before.
    public typealias ScriptSource = @Sendable (ReceivedRequest, Int) -> UpstreamScript

    /// The port.
    public let port: Int
    private let scheme: String
    private let listener: any Channel
    private let keeper: JournalKeeper
    private let open: OpenChannels

    private init(listener: any Channel, scheme: String, keeper: JournalKeeper, open: OpenChannels) {
        self.listener = listener
        self.scheme = scheme
        self.keeper = keeper
        self.open = open
        port = listener.localAddress?.port ?? 0
    }

    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// - Parameters:
    ///   - identity: Speaks TLS with this certificate.
    ///   - script: What to do about each request; by default, what the model's name says.
    /// - Throws: The system's error when no port can be bound, or NIOSSL's when the certificate cannot be used.
    public static func start(identity: TLSIdentity? = nil, script: ScriptSource? = nil) async throws -> ScriptedUpstream
    {
        let keeper = JournalKeeper()
        let open = OpenChannels()
        let source =
            script ?? { request, attempt in
                .named(request, attempt: attempt, unixSeconds: Int(time(nil)))
            }
        let tls = try identity.map { try NIOSSLContext(configuration: $0.serverConfiguration()) }
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Small, so that what this side has sent says how much the other side has taken.
            .childChannelOption(.socketOption(.so_sndbuf), value: 128 << 10)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    open.add(channel)
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(UpstreamConversation(keeper: keeper, script: source))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return ScriptedUpstream(listener: listener, scheme: tls == nil ? "http" : "https", keeper: keeper, open: open)
    }

    /// Where the OpenAI surface lies.
    public var baseURL: String { "\(scheme)://127.0.0.1:\(port)/v1" }

    /// What was seen so far.
    public var journal: UpstreamJournal { keeper.journal }

    /// Returns once what was seen meets a condition.
    ///
    /// - Parameter limit: The longest wait; real time.
    /// - Returns: Whether the condition was met within the limit.
    public func wait(
        within limit: Duration = .seconds(20),
        until isMet: @escaping @Sendable (UpstreamJournal) -> Bool
    ) async -> Bool {
        await keeper.wait(within: limit, until: isMet)
    }

    /// Forgets requests; connections keep their numbers, and models how often they were asked for.
    public func forgetRequests() { keeper.record { $0.requests.removeAll() } }

    /// Stops listening and closes every connection.
    public func stop() async {
        try? await listener.close()
        for channel in open.all { try? await channel.close() }
    }
}

/// The channels a server has accepted.
final class OpenChannels: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var all: [any Channel] { channels.withLock { Array($0.values) } }

    func add(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        channels.withLock { $0[key] = channel }
        channel.closeFuture.whenComplete { [self] _ in channels.withLock { $0[key] = nil } }
    }
}

/// A certificate with its key, as PEM files.
public struct TLSIdentity: Sendable, Hashable {
    /// The file of the certificate, and of those between it and the root.
    public var certificateFile: String
    /// The file of the private key.
    public var keyFile: String
    /// A file of roots that clients' certificates must come from; `nil` asks for none.
    public var clientRootsFile: String?

    /// Names the files.
    public init(certificateFile: String, keyFile: String, clientRootsFile: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientRootsFile = clientRootsFile
    }

    func serverConfiguration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
        )
        if let clientRootsFile {
            configuration.trustRoots = .file(clientRootsFile)
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}

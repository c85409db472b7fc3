import MartletCore
import MartletExchange
import MartletRouting
import NIOCore
import NIOPosix
import NIOSSL

/// What connections must have in common to stand in for each other.
struct PoolKey: Hashable {
    let tls: Bool
    let host: String
    let port: Int
    let options: TLSOptions

    init(_ target: Target) {
        tls = target.endpoint.tls
        host = target.endpoint.host
        port = target.endpoint.port
        options = target.tls
    }
}

/// Idle connections of one loop, and new ones.
///
/// In-flight requests are limited elsewhere; only idle connections are limited here.
final class UpstreamPool {
    /// Idle connections kept a host.
    ///
    /// Closed loops of clients return their connections in waves, so fewer would make a busy gateway reconnect all the
    /// time.
    private static let maxIdle = 64
    private static let idleTime = Duration.seconds(30)
    /// Old connections are replaced, so that changes of addresses are followed.
    private static let maxAge = Duration.seconds(600)

    private struct Idle {
        let connection: UpstreamConnection
        let since: Instant
    }

    private let eventLoop: any EventLoop
    private let resolver: Resolver
    private var idle: [PoolKey: [Idle]] = [:]
    private var contexts: [TLSOptions: NIOSSLContext] = [:]
    private var sweeps = false

    init(eventLoop: any EventLoop, resolver: Resolver) {
        self.eventLoop = eventLoop
        self.resolver = resolver
    }

    /// The most recently used idle connection to a target.
    func takeIdle(for target: Target) -> UpstreamConnection? {
        let key = PoolKey(target)
        let now = Instant.now
        while let entry = idle[key]?.popLast() {
            if entry.connection.isUsable, now - entry.connection.openedAt < Self.maxAge { return entry.connection }
            entry.connection.abandon()
        }
        return nil
    }

    /// Keeps a connection whose response ended cleanly.
    func giveBack(_ connection: UpstreamConnection) {
        let now = Instant.now
        guard now - connection.openedAt < Self.maxAge, idle[connection.poolKey, default: []].count < Self.maxIdle else {
            return connection.abandon()
        }
        idle[connection.poolKey, default: []].append(Idle(connection: connection, since: now))
        sweepLater()
    }

    /// Forgets a connection that closed.
    func forget(_ connection: UpstreamConnection) {
        idle[connection.poolKey]?.removeAll { $0.connection === connection }
    }

    /// Closes idle connections that were not used for a while.
    private func sweepLater() {
        guard !sweeps else { return }
        sweeps = true
        let box = LoopBound(self)
        eventLoop.scheduleTask(in: .seconds(5)) { box.value.sweep() }
    }

    private func sweep() {
        sweeps = false
        let now = Instant.now
        for (key, entries) in idle {
            let old = entries.filter { now - $0.since >= Self.idleTime }
            guard !old.isEmpty else { continue }
            idle[key] = entries.filter { now - $0.since < Self.idleTime }
            for entry in old { entry.connection.abandon() }
        }
        idle = idle.filter { !$0.value.isEmpty }
        if !idle.isEmpty { sweepLater() }
    }

    /// Opens a connection; `done` is called once, on the loop.
    func connect(
        to target: Target,
        privacy: PrivacyClass,
        deadline: Instant,
        done: @escaping (Result<UpstreamConnection, LegFailure>) -> Void
    ) {
        let box = LoopBound((pool: self, done: done))
        resolver.resolve(target.endpoint.host, port: target.endpoint.port, on: eventLoop).whenComplete { result in
            switch result {
            case .failure: box.value.done(.failure(.connect))
            case .success(let addresses):
                // The last guard: content that may not leave this device goes to a loopback address or nowhere.
                if privacy == .localOnly, !addresses.allSatisfy(\.isLoopbackAddress) {
                    return box.value.done(.failure(.forbidden))
                }
                box.value.pool.connect(to: addresses[...], target, deadline, box.value.done)
            }
        }
    }

    private func connect(
        to addresses: ArraySlice<SocketAddress>,
        _ target: Target,
        _ deadline: Instant,
        _ done: @escaping (Result<UpstreamConnection, LegFailure>) -> Void
    ) {
        let left = deadline - .now
        guard let address = addresses.first, left > .zero else { return done(.failure(.connect)) }
        let connection = UpstreamConnection(poolKey: PoolKey(target), pool: self)
        let tls: NIOSSLContext?
        do {
            tls = target.endpoint.tls ? try context(for: target.tls) : nil
        } catch {
            return done(.failure(.connect))
        }
        let host = target.endpoint.host
        let handler = LoopBound(connection)
        // A little after the exchange's own limit, which decides what the caller is told.
        let limit = TimeAmount(left + .milliseconds(100))
        let handshake = tls == nil ? nil : eventLoop.makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(limit)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_rcvbuf), value: 128 << 10)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls, let handshake {
                        // The name check covers IP literals too; only names may stand in SNI (RFC 6066 §3).
                        let name = host.isIPAddress ? nil : host
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name)
                        )
                        try channel.pipeline.syncOperations.addHandler(HandshakeHandler(ended: handshake))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
        let box = LoopBound((pool: self, done: done, rest: addresses.dropFirst(), target: target))
        bootstrap.connect(to: address).whenComplete { result in
            switch result {
            case .success(let channel):
                guard let handshake else { return box.value.done(.success(handler.value)) }
                let timer = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
                handshake.futureResult.whenComplete { result in
                    timer.cancel()
                    box.value.done(result.map { handler.value }.mapError { _ in .connect })
                }
            case .failure:
                handshake?.fail(HandshakeHandler.Failed())
                guard !box.value.rest.isEmpty else { return box.value.done(.failure(.connect)) }
                box.value.pool.connect(to: box.value.rest, box.value.target, deadline, box.value.done)
            }
        }
    }

    private func context(for options: TLSOptions) throws -> NIOSSLContext {
        if let context = contexts[options] { return context }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        configuration.minimumTLSVersion = .tlsv12
        if let file = options.caFile { configuration.trustRoots = .file(file) }
        if options.insecure { configuration.certificateVerification = .none }
        let context = try NIOSSLContext(configuration: configuration)
        contexts[options] = context
        return context
    }
}

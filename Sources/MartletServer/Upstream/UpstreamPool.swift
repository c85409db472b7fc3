import MartletCore
import MartletExchange
import MartletRouting
import NIOCore
import NIOPosix
import NIOSSL

/// Idle connections of one loop, and new ones.
///
/// In-flight requests are limited elsewhere; only idle connections are limited here.
final class UpstreamPool {
    private let eventLoop: any EventLoop
    private let resolver: Resolver
    private var hosts: [ConnectionKey: HostConnections] = [:]
    private var contexts: [TLSOptions: NIOSSLContext] = [:]
    private var sweeps = false

    init(eventLoop: any EventLoop, resolver: Resolver) {
        self.eventLoop = eventLoop
        self.resolver = resolver
    }

    /// Forgets what was read from accounts' files, so that new connections read them again; open ones stay.
    func forgetFiles() { contexts = contexts.filter { !$0.key.namesFiles } }

    /// The most recently used idle connection to a target.
    ///
    /// - Parameter privacy: Content that may not leave this device goes to a loopback address or nowhere, whoever opened
    ///   the connection.
    func takeIdle(for target: Target, privacy: PrivacyClass) -> UpstreamConnection? {
        hosts[target.connectionKey]?.takeIdle(mustBeLoopback: privacy == .localOnly)
    }

    /// The connections to a target's host; made when first used.
    private func host(of target: Target) -> HostConnections {
        if let host = hosts[target.connectionKey] { return host }
        let host = HostConnections()
        hosts[target.connectionKey] = host
        sweepLater()
        return host
    }

    /// Closes idle connections that were not used for a while, and forgets hosts without any.
    private func sweepLater() {
        guard !sweeps else { return }
        sweeps = true
        let box = LoopBound(self)
        eventLoop.scheduleTask(in: .seconds(5)) { box.value.sweep() }
    }

    private func sweep() {
        sweeps = false
        for host in hosts.values { host.closeUnused() }
        hosts = hosts.filter { $0.value.isUsed }
        if !hosts.isEmpty { sweepLater() }
    }

    /// Opens a connection; `done` is called once, on the loop.
    func connect(
        to target: Target,
        privacy: PrivacyClass,
        deadline: Instant,
        done: @escaping (Result<UpstreamConnection, LegFailure>) -> Void
    ) {
        let box = LoopBound((pool: self, done: done))
        let host = target.proxy?.host ?? target.endpoint.host
        let port = target.proxy?.port ?? target.endpoint.port
        resolver.resolve(host, port: port, on: eventLoop).whenComplete { result in
            switch result {
            case .failure: box.value.done(.failure(.connect))
            case .success(let addresses):
                // The last guard: content that may not leave this device goes to a loopback address or nowhere.
                if privacy == .localOnly, target.proxy != nil || !addresses.allSatisfy(\.isLoopbackAddress) {
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
        let tls: NIOSSLContext?
        do {
            tls = target.endpoint.tls ? try context(for: target.tls) : nil
        } catch {
            return done(.failure(.connect))
        }
        let connections = host(of: target)
        connections.opened()
        let endpoint = target.endpoint
        let proxy = target.proxy
        let handler = LoopBound(
            UpstreamConnection(
                host: connections,
                isLoopback: target.proxy == nil && address.isLoopbackAddress
            )
        )
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
                        let pipeline = channel.pipeline.syncOperations
                        if let proxy {
                            let tunnel = ProxyTunnel(to: endpoint, by: proxy, ended: handshake) { context in
                                let handlers = try Self.handlers(tls, endpoint.host, handshake)
                                try context.pipeline.syncOperations.addHandlers(
                                    handlers,
                                    position: .after(context.handler)
                                )
                            }
                            try pipeline.addHandler(tunnel)
                        } else {
                            try pipeline.addHandlers(Self.handlers(tls, endpoint.host, handshake))
                        }
                    }
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
        let box = LoopBound((pool: self, done: done, rest: addresses.dropFirst(), target: target, host: connections))
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
                box.value.host.failedToOpen()
                handshake?.fail(HandshakeHandler.Failed())
                guard !box.value.rest.isEmpty else { return box.value.done(.failure(.connect)) }
                box.value.pool.connect(to: box.value.rest, box.value.target, deadline, box.value.done)
            }
        }
    }

    private static func handlers(
        _ tls: NIOSSLContext,
        _ host: String,
        _ handshake: EventLoopPromise<Void>
    ) throws -> [any ChannelHandler] {
        // The name check covers IP literals too; only names may stand in SNI (RFC 6066 §3).
        let name = host.isIPAddress ? nil : host
        return [try NIOSSLClientHandler(context: tls, serverHostname: name), HandshakeHandler(ended: handshake)]
    }

    private func context(for options: TLSOptions) throws -> NIOSSLContext {
        if let context = contexts[options] { return context }
        let context = try UpstreamTLS.context(for: options)
        contexts[options] = context
        return context
    }
}

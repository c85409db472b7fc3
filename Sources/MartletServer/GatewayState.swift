import Dispatch
import MartletConfig
import MartletCore
import MartletDialects
import MartletGovernance
import MartletProviders
import MartletRouting
import MartletStore
import NIOCore
import NIOPosix
import Synchronization
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The parts of a running gateway and the order in which they start and end.
final class GatewayState: Sendable {
    let reloader: ConfigReloader
    let lock: DirectoryLock
    let group: MultiThreadedEventLoopGroup
    let threads: NIOThreadPool
    let shared: SharedState
    let loops: [LoopBound<LoopContext>]
    let authenticator: KeyAuthenticator
    let keyStore: KeyStore
    /// The listener's certificate; `nil` listens in clear.
    let tlsFiles: TLSFiles?
    private let reloadQueue = DispatchQueue(label: "martlet.reload")
    let background = Mutex<[@Sendable () -> Void]>([])

    /// Claims and opens the data directory and recovers what an earlier run left; nothing listens yet.
    ///
    /// - Parameters:
    ///   - config: The configuration.
    ///   - snapshot: What was built of it.
    ///   - load: Reads the configuration anew for a reload; without it a reload finds the same again.
    ///   - extensions: What the program around it decides.
    ///   - log: Told what a reload came to.
    init(
        config: LoadedConfig,
        snapshot: Snapshot,
        load: (@Sendable () -> LoadedConfig)? = nil,
        extensions: GatewayExtensions = GatewayExtensions(),
        log: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) throws {
        tlsFiles = try snapshot.server.tls.map { try TLSFiles($0) }
        try UpstreamTLS.check(snapshot)
        let directory = try DataDirectory(creating: config.settings.paths.dataDirectory)
        lock = try DirectoryLock(directory)
        let database = try MartletDatabase(path: config.settings.paths.database)
        let ledger = try UsageLedger(directory, database: database, now: WallClock.milliseconds())
        keyStore = try KeyStore(database, pepper: Pepper(directory), directory: directory)
        authenticator = KeyAuthenticator(
            keyStore,
            staticKey: snapshot.auth.staticKey,
            adminKey: snapshot.auth.adminKey,
            now: .now,
            wallClock: { Int64(WallClock.milliseconds()) }
        )
        let count = Processors.usable
        group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        let slots = SlotTable()
        let targets = TargetTable()
        let rotations = RotationTable()
        let health = HealthBoard(ledger: ledger, targets: targets)
        let reloader = ConfigReloader(
            config: config,
            snapshot: snapshot,
            health: health,
            load: load ?? { config },
            log: log
        )
        self.reloader = reloader
        let shards = (0..<count).map { _ in MetricsShard(slots: slots) }
        let resolver = Resolver(threads: threads)
        let shared = SharedState(
            resolver: resolver,
            keys: KeyService(authenticator),
            ledger: ledger,
            slots: slots,
            targets: targets,
            rotations: rotations,
            memory: MemoryWatch(limitBytes: MemoryLimit.bytes),
            health: health,
            messageAccounts: MessageAccounts(
                MessageAccountStore(database),
                lifetimeSeconds: AnthropicThreads.accountLifetimeSeconds
            ),
            accessLog: AccessLog(snapshot.observability),
            control: ControlBridge(
                ledger: ledger,
                keys: keyStore,
                reload: { reloader.reload() },
                listing: { reloader.listing },
                preview: PlanPreview(
                    snapshot: { reloader.snapshot },
                    standing: { target, snapshot in
                        targets.memory(of: target.id).health.withLock { $0.standing(.now, snapshot.breaker) }
                    },
                    upcoming: { rotations.upcoming($0, $1) }
                )
            ),
            computing: ComputeService(threads: count),
            uploads: UploadSpool(directory: directory.path, pool: threads),
            media: MediaFetcher(resolver: resolver, group: group),
            responses: ResponseKeeper(
                ResponseStore(database),
                days: config.settings.retentionDays,
                log: log
            ),
            credentials: CredentialService(
                CredentialFetcher(
                    transport: ClientCredentialTransport(group: group) { config.environmentProxy(for: $0) },
                    readFile: { [threads] path in
                        try? await threads.runIfActive { FileAccess.system.read(path) }
                    },
                    unixSeconds: { Int64(WallClock.milliseconds() / 1_000) }
                ),
                log: log
            ),
            extensions: ExtensionService(extensions, log: log),
            shards: shards
        )
        self.shared = shared
        var iterator = group.makeIterator()
        var loops: [LoopBound<LoopContext>] = []
        for (index, shard) in shards.enumerated() {
            guard let eventLoop = iterator.next() else { break }
            let writer = ledger.spool.makeWriter(shard: index)
            let loop = LoopContext(
                eventLoop: eventLoop,
                shared: shared,
                writer: writer,
                metrics: shard,
                snapshot: snapshot
            )
            loop.ledger.isStrict = snapshot.strictDurability
            loops.append(LoopBound(loop))
        }
        self.loops = loops
        let prepare: ConfigReloader.Preparation = { [tlsFiles] snapshot throws(TLSFiles.Failure) in
            try UpstreamTLS.check(snapshot)
            let putInForce = try Self.prepare(tlsFiles, snapshot.server.tls, log: log)
            return {
                putInForce()
                shared.credentials.reloaded()
            }
        }
        reloader.attach(prepare: prepare) { [loops] snapshot in
            targets.keepOnly(Set(snapshot.accounts.keys.map(\.rawValue)))
            for loop in loops { loop.value.eventLoop.execute { loop.value.use(snapshot) } }
        }
        let days = config.settings.retentionDays
        ledger.start(
            retention: days > 0 ? UsageLedger.Retention(days: days) { WallClock.milliseconds() } : nil
        )
    }

    /// Listens, serves and drains.
    ///
    /// - Parameters:
    ///   - files: What the configuration files looked like when they were read, and how to look again; `nil` does not watch
    ///     them.
    ///   - stops: One element for each time the gateway is told to stop: the first begins the drain, the second does not
    ///     wait.
    ///   - options: Whether signals count, and who is told where it listens.
    /// - Throws: `ListenFailure`, or an error of the store.
    func run(
        watching files: (first: [FileStamp], look: @Sendable () -> [FileStamp])? = nil,
        stops: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation),
        _ options: ServeOptions
    ) async throws {
        // Before anything listens: a signal right after the start drains, too.
        let signals: UnixSignalsSequence? =
            options.trapsSignals ? await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup) : nil
        let http = ClientEngineHTTP(group: group)
        let prober = localProber(http)
        // The first snapshot that serves knows the engine that runs.
        await prober.probe()
        let channel: any Channel
        do {
            channel = try await listen()
            options.listening(try announce(channel, reloader.snapshot, options.log))
        } catch {
            await http.shutdown()
            await stop()
            throw error
        }
        await withTaskGroup(of: Void.self) { tasks in
            // One reload may wait while another runs: it will read what is there by then.
            let (reloads, reload) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            if let signals {
                // The sequence has one iterator only; the drain waits for a first signal and for a second one.
                tasks.addTask {
                    for await signal in signals {
                        if signal == .sighup { reload.yield() } else { stops.continuation.yield() }
                    }
                }
            }
            tasks.addTask { [self] in
                for await _ in reloads {
                    shared.accessLog.reopen()
                    await reloadInBackground()
                }
            }
            if let files {
                let watcher = ConfigWatcher(look: files.look, first: files.first) { [self] in
                    await reloadInBackground()
                }
                tasks.addTask { await watcher.run() }
            }
            tasks.addTask { [self] in await followLocalEngine(prober, http) }
            tasks.addTask { [self] in await registryFollower().run() }
            tasks.addTask { [self] in
                await HealthProber(shared.targets, snapshot: { [reloader] in reloader.snapshot }).run()
            }
            await Drain(state: self, listener: channel, signals: stops.stream).runUntilStopped()
            tasks.cancelAll()
        }
        await http.shutdown()
        await stop()
    }

    /// Binds and begins to serve.
    ///
    /// - Throws: `ListenFailure` when the address cannot be bound.
    func listen() async throws -> any Channel {
        let server = reloader.snapshot.server
        let channel: any Channel
        do {
            channel = try await Listener.bind(
                host: server.host,
                port: server.port,
                tls: tlsFiles,
                group: group,
                loops: loops
            )
        } catch {
            throw ListenFailure(host: server.host, port: server.port, error)
        }
        startBackground()
        shared.health.enter(.serving)
        return channel
    }

    /// Says where it listens, and shows the key that this start made.
    ///
    /// - Returns: The address.
    private func announce(
        _ channel: any Channel,
        _ snapshot: Snapshot,
        _ log: @Sendable (String) -> Void
    ) throws -> String {
        if snapshot.auth.enabled, snapshot.auth.staticKey == nil, try !keyStore.hasUsableKey(now: Self.now) {
            let made = try keyStore.create(name: "first start", scopes: [.inference, .admin], now: Self.now)
            // Not through a logger: this is the only time the key is shown.
            StandardOutput.write("API key (shown once): \(made.text)\n")
        }
        let address = channel.localAddress
        let host = snapshot.server.host.contains(":") ? "[\(snapshot.server.host)]" : snapshot.server.host
        let url = "\(tlsFiles == nil ? "http" : "https")://\(host):\(address?.port ?? snapshot.server.port)"
        log(
            "listening on \(url)\n"
                + Self.invitation(
                    url,
                    snapshot,
                    try keyStore.list().last { $0.revokedAt == nil && $0.expiresAt.map { $0 > Self.now } ?? true }
                )
        )
        return url
    }

    /// A ready command to try, for who starts the gateway by hand.
    private static func invitation(_ url: String, _ snapshot: Snapshot, _ key: GatewayKey?) -> String {
        let model = snapshot.defaultModel?.rawValue ?? snapshot.listed.first?.id ?? "mock"
        let base = snapshot.server.basePaths.first ?? "/v1"
        var text = "try: curl \(url)\(base)/chat/completions -H \"Authorization: Bearer $MARTLET_API_KEY\""
        text += " -d '{\"model\":\"\(model)\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n"
        guard snapshot.auth.enabled, snapshot.auth.staticKey == nil, let key else { return text }
        return text + "newest key: \(key.prefix)…  (another one: martlet keys create)\n"
    }

    private static var now: Timestamp { Timestamp(unixSeconds: Int64(WallClock.milliseconds() / 1_000)) }

    /// Reads the listener's certificate and key again, and returns what puts them in force.
    private static func prepare(
        _ files: TLSFiles?,
        _ settings: ListenerTLS?,
        log: @escaping @Sendable (String) -> Void
    ) throws(TLSFiles.Failure) -> @Sendable () -> Void {
        if let files, let settings { return try files.prepare(settings) }
        guard files != nil || settings != nil else { return {} }
        return { log("server.tls: turned on or off; this waits for a restart\n") }
    }

    /// Reads the configuration again on a thread that may block.
    private func reloadInBackground() async {
        let reloader = reloader
        await withCheckedContinuation { done in
            reloadQueue.async {
                _ = reloader.reload()
                done.resume()
            }
        }
    }

    /// Finds the local engine: what is found becomes part of the next snapshot.
    private func localProber(_ http: ClientEngineHTTP) -> LocalProber {
        let reloader = reloader
        let settings = reloader.local
        return LocalProber(settings, http: http) { reloader.engineChanged($0, lookedFor: settings) }
    }

    /// Fetches a newer registry where one is configured.
    private func registryFollower() -> RegistryFollower {
        let (reloader, health) = (reloader, shared.health)
        return RegistryFollower(
            settings: { reloader.registry },
            get: RegistryFollower.guarded(GuardedFetch(resolver: shared.resolver, group: group)),
            onCopy: { edits, url in reloader.registryFetched(edits, from: url) },
            onResult: { health.registryFetched($0) }
        )
    }

    /// Follows the local engine, and another one once a reload names it.
    private func followLocalEngine(_ first: LocalProber, _ http: ClientEngineHTTP) async {
        var probing = Task { await first.run() }
        for await _ in reloader.localChanges {
            probing.cancel()
            let prober = localProber(http)
            probing = Task { await prober.run() }
        }
        probing.cancel()
    }

    private func startBackground() {
        let authenticator = authenticator
        let memory = shared.memory
        // A failure leaves the keys unconfirmed, which the authenticator itself accounts for.
        let keys = KeyRefresher(authenticator, now: { .now })
        let watch = BackgroundLoop(name: "memory") {
            memory.measured(used: MemoryLimit.residentBytes, limit: MemoryLimit.bytes)
            return .seconds(1)
        }
        let credentials = shared.credentials
        let renewal = BackgroundLoop(name: "credentials") {
            credentials.renewDue()
            return .seconds(1)
        }
        let responses = shared.responses
        let expiry = BackgroundLoop(name: "responses") { responses.expire() }
        background.withLock { $0 = [keys.stop, watch.stop, expiry.stop, renewal.stop] }
    }

    /// Stops what runs in the background, drains the spool and lets go of the data directory.
    func stop() async {
        for stop in background.withLock({ $0 }) { stop() }
        try? await group.shutdownGracefully()
        // Not waited for: a name look-up that hangs must not keep records from the store.
        threads.shutdownGracefully { _ in }
        shared.computing.stop()
        await shared.extensions?.finish(within: min(reloader.snapshot.server.shutdownGrace, .seconds(10)))
        shared.responses.finish()
        do {
            try shared.ledger.stop()
        } catch {
            StandardError.write("martlet: usage records stay in the spool for the next start: \(error)\n")
        }
        shared.messageAccounts.finish()
        shared.accessLog.close()
        lock.release()
    }
}

/// The address cannot be listened on.
struct ListenFailure: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let reason: String

    /// Says why in words for who starts the gateway.
    init(host: String, port: Int, _ error: any Error) {
        self.host = host
        self.port = port
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: reason = "another program listens there; stop it, or choose another port with --port"
        case EACCES, EPERM: reason = "this user may not; ports below 1024 need a right of their own"
        case EADDRNOTAVAIL: reason = "this machine has no such address"
        case .some(let code): reason = SystemFailure(call: "bind", code: code).description
        case nil where error is SocketAddressError: reason = "the name is not known"
        case nil: reason = "the address cannot be used"
        }
    }

    var description: String { "cannot listen on \(host):\(port): \(reason)" }
}

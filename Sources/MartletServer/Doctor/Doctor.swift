public import MartletConfig
import MartletCore
import MartletRouting
public import MartletStore
import NIOPosix

/// Looks at everything that a gateway with this configuration needs, whether or not one runs; changes nothing.
///
/// Model lists are asked for, never an answer of a model: looking costs nothing.
public struct Doctor: Sendable {
    private let config: LoadedConfig
    private let files: [String]
    private let now: @Sendable () -> Int64

    /// Prepares a look.
    ///
    /// - Parameters:
    ///   - config: The configuration as a start would read it.
    ///   - files: The files it was read from.
    public init(config: LoadedConfig, files: [String]) {
        self.init(config: config, files: files, now: { Int64(WallClock.milliseconds() / 1_000) })
    }

    /// - Parameter now: Seconds since 1970 by this machine's clock.
    init(config: LoadedConfig, files: [String], now: @escaping @Sendable () -> Int64) {
        self.config = config
        self.files = files
        self.now = now
    }

    /// Who holds the data directory.
    public var holder: DirectoryLock.Holder {
        DirectoryLock.holder(of: DataDirectory(at: config.settings.paths.dataDirectory))
    }

    /// Looks at everything except a running gateway; takes some seconds when something does not answer.
    public func checks() async -> [DoctorCheck] {
        let built = SnapshotBuilder.build(config)
        var checks = [configuration(built.diagnostics)]
        checks += DataDirectoryCheck(paths: config.settings.paths).checks()
        checks.append(keys())
        for account in built.accounts {
            if let reason = account.offReason {
                let hint = "set what is missing, or take the account out of the configuration"
                checks.append(DoctorCheck("account \(account.name)", .warn, "is off: \(reason)", hint: hint))
            }
        }
        guard let snapshot = built.snapshot else { return checks }
        async let engine = localEngine()
        let reports = await accounts(snapshot)
        if reports.isEmpty {
            let hint = "set a provider's variable such as OPENAI_API_KEY, or start an engine on this machine"
            checks.append(DoctorCheck("accounts", .warn, "no provider account is on", hint: hint))
        }
        checks += reports.map(\.check)
        checks.append(await engine)
        checks.append(ClockCheck.check(reports.compactMap(\.skew)))
        return checks
    }

    private func configuration(_ findings: [ConfigDiagnostic]) -> DoctorCheck {
        let errors = findings.filter { $0.severity == .error }
        let warnings = findings.filter { $0.severity == .warning }
        let names = files.isEmpty ? "no file; the defaults" : files.joined(separator: ", ")
        if let first = errors.first {
            let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
            return DoctorCheck(
                "configuration",
                .fail,
                "\(first)\(more)",
                hint: "`martlet config check` shows all; a start would be refused"
            )
        }
        if let first = warnings.first {
            let more = warnings.count > 1 ? " (and \(warnings.count - 1) more)" : ""
            return DoctorCheck("configuration", .warn, "\(first)\(more)", hint: "`martlet config check` shows all")
        }
        return DoctorCheck("configuration", .ok, names)
    }

    /// Whether anybody could call this gateway.
    private func keys() -> DoctorCheck {
        let name = "gateway keys"
        guard config.settings.auth.enabled else {
            return DoctorCheck(name, .warn, "none is needed: authentication is off", hint: "set gateway.auth.enabled")
        }
        if config.settings.auth.staticKey != nil { return DoctorCheck(name, .ok, "a static key is configured") }
        let paths = config.settings.paths
        guard FileStamp(of: paths.database).modified != nil, FileStamp(of: paths.pepper).modified != nil else {
            return DoctorCheck(name, .ok, "none yet; the first start makes one and shows it once")
        }
        do {
            let directory = DataDirectory(at: paths.dataDirectory)
            let store = try KeyStore(
                MartletDatabase(path: paths.database),
                pepper: Pepper(directory),
                directory: directory
            )
            let now = Timestamp(unixSeconds: now())
            let usable = try store.list().count { $0.revokedAt == nil && $0.expiresAt.map { $0 > now } ?? true }
            guard usable > 0 else {
                let hint = "`martlet keys create` makes one"
                return DoctorCheck(name, .warn, "every key is revoked or has expired", hint: hint)
            }
            return DoctorCheck(name, .ok, "\(usable) usable")
        } catch {
            return DoctorCheck(name, .fail, "\(error)")
        }
    }

    /// Asks every account once, all at the same time; the reports stand in the accounts' order.
    private func accounts(_ snapshot: Snapshot) async -> [AccountCheck.Report] {
        var targets: [Target] = []
        for name in snapshot.accounts.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let target = snapshot.accounts[name]?.makeTarget("doctor") { targets.append(target) }
        }
        // Accounts that stand within a model have no table of their own.
        for model in snapshot.models.values.sorted(by: { $0.name.rawValue < $1.name.rawValue }) {
            targets += model.targets
        }
        let (now, config) = (now, config)
        let group = MultiThreadedEventLoopGroup.singleton
        let fetcher = CredentialFetcher(
            transport: ClientCredentialTransport(group: group) { config.environmentProxy(for: $0) },
            readFile: { FileAccess.system.read($0) },
            unixSeconds: now
        )
        // An account's models differ in their paths, and are behind one door.
        var seen: Set<String> = []
        let asked = targets.filter { $0.dialect != .mock }
            .map { AccountCheck(target: $0, now: now, fetcher: fetcher) }
            .filter { seen.insert($0.subject).inserted }
        return await withTaskGroup(of: (Int, AccountCheck.Report).self) { group in
            for (index, check) in asked.enumerated() { group.addTask { (index, await check.report()) } }
            var reports: [Int: AccountCheck.Report] = [:]
            for await (index, report) in group { reports[index] = report }
            return asked.indices.compactMap { reports[$0] }
        }
    }

    private func localEngine() async -> DoctorCheck {
        let name = "local engine"
        let settings = config.settings.local
        let http = ClientEngineHTTP(group: MultiThreadedEventLoopGroup.singleton)
        let prober = LocalProber(settings, http: http) { _ in }
        await prober.probe()
        await http.shutdown()
        if let found = prober.current {
            let place = "\(found.kind) at \(found.endpoint.authority)"
            guard !found.models.isEmpty else {
                return DoctorCheck(name, .warn, "\(place) has no model", hint: "load or pull one there")
            }
            return DoctorCheck(name, .ok, "\(place), \(found.models.count) models")
        }
        if let endpoint = settings.endpoint {
            let hint = "start the engine, or correct [local] base_url"
            return DoctorCheck(name, .fail, "nothing answers as an engine at \(endpoint.authority)", hint: hint)
        }
        return DoctorCheck(name, .ok, "none found on the usual ports; none is needed")
    }
}

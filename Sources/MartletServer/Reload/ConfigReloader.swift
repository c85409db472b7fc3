import MartletConfig
import MartletCore
import MartletRouting
import Synchronization

/// Reads the configuration again while the gateway runs, and swaps it whole or not at all.
///
/// Every change goes through one lock, so that all loops see the same order: a reload, and a local engine that came or went.
final class ConfigReloader: Sendable {
    private struct State {
        var config: LoadedConfig
        var snapshot: Snapshot
        var engine: LocalProbe?
        /// What accounts lack that were off from the start on, or since a reload.
        var missing: [SnapshotBuilder.MissingCredential]
        /// Warnings that were told already.
        var told: Set<ConfigDiagnostic>
        var publish: (@Sendable (Snapshot) -> Void)?
        var prepare: Preparation?
    }

    /// Reads what a configuration names outside its own files, and returns what puts it in force; may block.
    ///
    /// An error refuses the reload, and then nothing of it is in force.
    typealias Preparation = @Sendable (Snapshot) throws(TLSFiles.Failure) -> @Sendable () -> Void

    /// The section `[local]` whenever it names another engine, for who follows that.
    let localChanges: AsyncStream<LocalSettings>

    private let state: Mutex<State>
    private let fixed: FixedSettings
    private let load: @Sendable () -> LoadedConfig
    private let health: HealthBoard
    private let wallClock: @Sendable () -> UInt64
    private let log: @Sendable (String) -> Void
    private let localChanged: AsyncStream<LocalSettings>.Continuation

    /// Takes over a configuration that was accepted at the start.
    ///
    /// - Parameters:
    ///   - config: What the process was started with.
    ///   - snapshot: What was built of it.
    ///   - health: Told of every reload.
    ///   - wallClock: Milliseconds since 1970.
    ///   - load: Finds and reads all files anew; may block.
    ///   - log: Told of every reload's result once.
    init(
        config: LoadedConfig,
        snapshot: Snapshot,
        health: HealthBoard,
        wallClock: @escaping @Sendable () -> UInt64 = { WallClock.milliseconds() },
        load: @escaping @Sendable () -> LoadedConfig,
        log: @escaping @Sendable (String) -> Void
    ) {
        fixed = FixedSettings(config)
        let missing = SnapshotBuilder.build(config).missing
        state = Mutex(State(config: config, snapshot: snapshot, missing: missing, told: Set(config.diagnostics)))
        self.health = health
        self.wallClock = wallClock
        self.load = load
        self.log = log
        (localChanges, localChanged) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The snapshot that new exchanges begin on.
    var snapshot: Snapshot { state.withLock(\.snapshot) }
    /// The local engine's settings in force.
    var local: LocalSettings { state.withLock(\.config.settings.local) }

    /// Where a newer registry comes from, and where its copy is kept.
    var registry: RegistryFollower.Settings {
        state.withLock { state in
            let settings = state.config.settings
            return RegistryFollower.Settings(
                registry: settings.registry,
                copyPath: settings.paths.registryCopy,
                isCopyInForce: state.config.fetchedRegistry != nil
            )
        }
    }

    /// The registry in force, with what can be asked.
    var listing: RegistryListing {
        let (config, snapshot) = state.withLock { ($0.config, $0.snapshot) }
        return RegistryListing(config, snapshot)
    }

    /// Names who takes part.
    ///
    /// - Parameters:
    ///   - prepare: Asked before each reload is accepted, not about engines.
    ///   - publish: Hands snapshots to the loops; called in the order in which they hold.
    func attach(prepare: Preparation? = nil, _ publish: @escaping @Sendable (Snapshot) -> Void) {
        state.withLock { state in
            state.prepare = prepare
            state.publish = publish
        }
    }

    /// Reads and checks everything, then swaps; on any error the old configuration stays.
    ///
    /// Blocks while files are read.
    func reload() -> ReloadOutcome {
        let outcome = state.withLock { state -> ReloadOutcome in
            var config = load()
            let findings = fixed.apply(to: &config)
            config.diagnostics += findings
            // A finding about an engine elsewhere says nothing about this one.
            let isSameEngine = config.settings.local.hasSameEngine(as: state.config.settings.local)
            let engine = isSameEngine ? state.engine : nil
            let built = SnapshotBuilder.build(config, localState: engine)
            func refused(_ findings: [ConfigDiagnostic]) -> ReloadOutcome {
                health.configRefused(findings)
                return ReloadOutcome(isAccepted: false, findings: findings, loadedAt: health.configLoadedAt)
            }
            guard let snapshot = built.snapshot else { return refused(built.diagnostics) }
            let lost = built.missing.filter { Self.isLost($0, in: state) }
            if !lost.isEmpty { return refused(Self.findings(built.diagnostics, losing: lost)) }
            let putInForce: (@Sendable () -> Void)?
            do throws(TLSFiles.Failure) {
                putInForce = try state.prepare?(snapshot)
            } catch {
                let origin = config.values.first { $0.key.hasPrefix(error.key) }?.origin ?? .default
                return refused(built.diagnostics + [ConfigDiagnostic(.error, at: origin, error.description)])
            }
            putInForce?()
            if !isSameEngine { localChanged.yield(config.settings.local) }
            state.config = config
            state.engine = engine
            state.snapshot = snapshot
            state.missing = built.missing
            let loadedAt = wallClock()
            health.configAccepted(at: loadedAt)
            state.publish?(snapshot)
            return ReloadOutcome(isAccepted: true, findings: built.diagnostics, loadedAt: loadedAt)
        }
        var told = outcome
        state.withLock { state in
            // What a start or an earlier reload warned of is not said again.
            told.findings.removeAll { $0.severity == .warning && state.told.contains($0) }
            state.told.formUnion(told.findings)
            if state.told.count > 1_000 { state.told = Set(outcome.findings) }
        }
        log(told.text)
        return outcome
    }

    /// Whether an account is in use whose credential is gone.
    ///
    /// Traffic goes on with the old one: a reload is no way to switch an account off by mistake.
    private static func isLost(_ missing: SnapshotBuilder.MissingCredential, in state: State) -> Bool {
        let name = AccountName(missing.account)
        guard !state.missing.contains(where: { $0.account == missing.account && $0.message == missing.message }) else {
            return false
        }
        return state.snapshot.accounts[name] != nil
            || state.snapshot.models.values.contains { $0.targets.contains { $0.account == name } }
    }

    /// The findings with errors in place of warnings about accounts that would go off.
    private static func findings(
        _ findings: [ConfigDiagnostic],
        losing lost: [SnapshotBuilder.MissingCredential]
    ) -> [ConfigDiagnostic] {
        findings.filter { finding in !lost.contains { $0.isWarned(by: finding) } }
            + lost.map { lost in
                let text = "\(lost.message); the account is in use and keeps the credential it has"
                return ConfigDiagnostic(.error, at: lost.origin, "\(text) (enabled = false would take it off)")
            }
    }

    /// Takes over a registry that was fetched; ignored when the address is not configured any more.
    func registryFetched(_ edits: RegistryEdits, from url: String) {
        state.withLock { state in
            guard state.config.settings.registry.url == url else { return }
            state.config.fetchedRegistry = edits
            guard let snapshot = SnapshotBuilder.build(state.config, localState: state.engine).snapshot else { return }
            state.snapshot = snapshot
            state.publish?(snapshot)
        }
    }

    /// Takes over what a probe of the local engine found; ignored when it looked elsewhere than what is configured now.
    func engineChanged(_ engine: LocalProbe?, lookedFor settings: LocalSettings) {
        state.withLock { state in
            guard settings.hasSameEngine(as: state.config.settings.local) else { return }
            state.engine = engine
            guard let snapshot = SnapshotBuilder.build(state.config, localState: engine).snapshot else { return }
            state.snapshot = snapshot
            state.publish?(snapshot)
        }
    }
}

extension LocalSettings {
    /// Whether a probe with these settings asks the same as one with others.
    fileprivate func hasSameEngine(as other: LocalSettings) -> Bool {
        engine == other.engine && endpoint == other.endpoint && headers == other.headers
    }
}

import Foundation
import MartletConfig
import MartletProviders
import Synchronization

/// Fetches a newer registry of models again and again, keeps the last good copy, and hands it on.
///
/// Requests never wait for it: what is fetched becomes part of the next snapshot. A copy that cannot be read, or a server
/// that does not answer, leaves the one there is.
final class RegistryFollower: Sendable {
    /// The largest file that is fetched, in bytes.
    static let maxBytes = 4 << 20
    /// Time between two looks whether it is due.
    static let tick = Duration.seconds(30)
    /// Ticks from one fetch to the next: six hours.
    static let interval = 720
    /// Ticks until it is tried again after a failure: five minutes, and twice as long each time up to the interval.
    static let firstRetry = 10

    /// How a registry is fetched: address, request fields and allowed hosts.
    typealias Get =
        @Sendable (_ url: String, _ fields: [(name: String, value: String)], _ hosts: [String]) async throws
        -> GuardedFetch.Answer

    /// What is configured now.
    struct Settings: Sendable {
        /// Where it is fetched.
        var registry: RegistrySettings
        /// Where the copy is kept.
        var copyPath: String
        /// Whether what was fetched before is part of the snapshot: a copy that could not be used is not.
        var isCopyInForce: Bool
    }

    private struct State {
        var url: String?
        var dueIn = 0
        var failures = 0
    }

    private let settings: @Sendable () -> Settings
    private let get: Get
    private let catalog: ProviderCatalog
    private let wallClock: @Sendable () -> UInt64
    private let clock: any Clock<Duration>
    private let onCopy: @Sendable (RegistryEdits, _ url: String) -> Void
    private let onResult: @Sendable (Result<Int64, RegistryFault>) -> Void
    private let state = Mutex(State())

    /// Creates a follower that has fetched nothing yet.
    ///
    /// - Parameters:
    ///   - settings: What is configured now.
    ///   - get: Fetches.
    ///   - wallClock: Milliseconds since 1970.
    ///   - clock: Measures the time between looks.
    ///   - onCopy: Takes over a new registry.
    ///   - onResult: Told of each attempt: when the copy was right, in seconds since 1970, or what went wrong.
    init(
        settings: @escaping @Sendable () -> Settings,
        get: @escaping Get,
        catalog: ProviderCatalog = .builtIn,
        wallClock: @escaping @Sendable () -> UInt64 = { WallClock.milliseconds() },
        clock: any Clock<Duration> = .continuous,
        onCopy: @escaping @Sendable (RegistryEdits, _ url: String) -> Void,
        onResult: @escaping @Sendable (Result<Int64, RegistryFault>) -> Void
    ) {
        self.settings = settings
        self.get = get
        self.catalog = catalog
        self.wallClock = wallClock
        self.clock = clock
        self.onCopy = onCopy
        self.onResult = onResult
    }

    /// Fetches by the rules until an address is fetched or given up, with a limit of time over all redirects.
    static func guarded(_ fetch: GuardedFetch, total: Duration = .seconds(15)) -> Get {
        { url, fields, hosts in
            try await withThrowingTaskGroup(of: GuardedFetch.Answer?.self) { tasks in
                tasks.addTask {
                    try await fetch.get(
                        url,
                        fields: fields,
                        allowed: hosts,
                        own: AddressRules.own(),
                        limit: Self.maxBytes
                    )
                }
                tasks.addTask {
                    try await Task.sleep(for: total)
                    return nil
                }
                defer { tasks.cancelAll() }
                guard let answer = try await tasks.next().flatMap({ $0 }) else {
                    throw GuardedFetch.Failure.unreachable
                }
                return answer
            }
        }
    }

    /// Looks now and then until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            do { try await clock.sleep(for: Self.tick) } catch { return }
        }
    }

    /// Fetches when it is due; an address that has changed is due at once.
    func look() async {
        let settings = settings()
        let registry = settings.registry
        let isDue = state.withLock { state in
            if state.url != registry.url { state = State(url: registry.url) }
            if state.dueIn > 0 { state.dueIn -= 1 }
            return state.url != nil && state.dueIn == 0
        }
        guard isDue, let url = registry.url else { return }
        let result: Result<Int64, RegistryFault>
        do throws(RegistryFault) {
            result = .success(try await fetch(url, settings))
        } catch {
            result = .failure(error)
        }
        guard !Task.isCancelled else { return }
        state.withLock { state in
            guard state.url == url else { return }
            switch result {
            case .success: (state.failures, state.dueIn) = (0, Self.interval)
            case .failure:
                state.failures = min(state.failures + 1, 16)
                state.dueIn = min(Self.firstRetry << (state.failures - 1), Self.interval)
            }
        }
        onResult(result)
    }

    private func fetch(_ url: String, _ settings: Settings) async throws(RegistryFault) -> Int64 {
        let path = settings.copyPath
        let known = FileManager.default.contents(atPath: path).flatMap { RegistryCopy(Array($0)) }
        // That a copy has not changed says nothing while it cannot be used: then the whole file is asked for.
        var copy = known?.url == url && settings.isCopyInForce ? known : nil
        var fields = [(name: "accept", value: "application/toml, text/plain;q=0.9, */*;q=0.1")]
        if let tag = copy?.tag { fields.append((name: "if-none-match", value: tag)) }
        let answer: GuardedFetch.Answer
        do {
            answer = try await get(url, fields, settings.registry.hosts)
        } catch let failure as GuardedFetch.Failure {
            throw RegistryFault(failure)
        } catch {
            throw RegistryFault(.unreachable)
        }
        let now = Int64(clamping: wallClock() / 1_000)
        if answer.status == 304, copy != nil {
            copy?.fetchedAt = now
        } else {
            guard answer.status == 200 else { throw RegistryFault(.status(answer.status)) }
            var findings: [ConfigDiagnostic] = []
            let edits = RegistryEdits(
                answer.bytes,
                file: "registry_url",
                catalog: catalog,
                diagnostics: &findings
            )
            if let first = findings.first(where: { $0.severity == .error }) {
                throw RegistryFault(text: "what was fetched is no registry: \(first)")
            }
            copy = RegistryCopy(url: url, tag: answer.tag, fetchedAt: now, body: answer.bytes)
            onCopy(edits, url)
        }
        if let copy { try Self.store(copy.bytes, at: path) }
        return now
    }

    /// Replaces the copy whole.
    private static func store(_ bytes: [UInt8], at path: String) throws(RegistryFault) {
        do {
            let url = URL(fileURLWithPath: path)
            try Data(bytes).write(to: url, options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw RegistryFault(text: "the fetched registry cannot be kept in the data directory")
        }
    }
}

/// Why a registry could not be taken over, in words without its address.
struct RegistryFault: Error, Hashable {
    let text: String

    init(text: String) { self.text = text }

    init(_ failure: GuardedFetch.Failure) {
        text =
            switch failure {
            case .refused(.scheme): "registry_url must begin with https://"
            case .refused(.form): "registry_url is no address that is fetched"
            case .refused(.port): "registry_url must be on port 443, or its host in registry_hosts"
            case .redirectRefused(.scheme): "registry_url redirects to an address that does not begin with https://"
            case .redirectRefused(.form): "registry_url redirects to no address that is fetched"
            case .redirectRefused(.port):
                "registry_url redirects to an address that is not on port 443; registry_hosts can allow its host"
            case .address: "registry_url leads to an address that is not public; registry_hosts can allow its host"
            case .redirects: "registry_url leads on too often"
            case .status(let status): "registry_url answered with status \(status)"
            case .size: "the registry at registry_url is larger than 4 MiB"
            case .unreachable: "registry_url could not be reached"
            }
    }
}

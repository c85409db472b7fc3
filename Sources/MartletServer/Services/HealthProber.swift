import AsyncHTTPClient
import MartletCore
import MartletRouting
import NIOCore
import NIOHTTP1
import Synchronization

/// Probes accounts whose targets' circuits are open, where their configuration asks for it.
///
/// One GET an account and interval, however many of its targets failed, and none at all while all circuits are closed.
/// It carries no content and goes nowhere but to the account's own endpoint, to which requests had gone before.
final class HealthProber: Sendable {
    /// Asks an account for a sign of life.
    typealias Probe = @Sendable (Target, HealthCheckPolicy) async -> Bool

    private let table: TargetTable
    private let snapshot: @Sendable () -> Snapshot
    private let now: @Sendable () -> Instant
    private let random: @Sendable () -> UInt64
    private let probe: Probe
    /// When each account is probed next.
    private let due = Mutex<[AccountName: Instant]>([:])

    /// Creates a prober that has probed nobody.
    ///
    /// - Parameters:
    ///   - table: What is remembered of targets.
    ///   - snapshot: The configuration in force.
    init(
        _ table: TargetTable,
        snapshot: @escaping @Sendable () -> Snapshot,
        now: @escaping @Sendable () -> Instant = { .now },
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) },
        probe: @escaping Probe = HealthProber.asks
    ) {
        self.table = table
        self.snapshot = snapshot
        self.now = now
        self.random = random
        self.probe = probe
    }

    /// Looks for accounts to probe until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await round()
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
    }

    /// Probes every account that is due, all at once.
    func round() async {
        let snapshot = snapshot()
        let checked = snapshot.accounts.values.filter { $0.healthCheck != nil }
        guard !checked.isEmpty, snapshot.breaker.enabled else { return }
        let waiting = waitingTargets()
        await withTaskGroup(of: Void.self) { group in
            for account in checked {
                guard let policy = account.healthCheck, let targets = waiting[account.name.rawValue],
                    takeTurn(account.name, policy)
                else { continue }
                group.addTask { [self] in
                    let isAlive = await probe(account.makeTarget(""), policy)
                    let time = now()
                    for target in targets {
                        target.health.withLock { $0.probed(isAlive: isAlive, time, hold: policy.hold) }
                    }
                }
            }
        }
    }

    /// Targets with an open circuit, by account.
    private func waitingTargets() -> [String: [TargetMemory]] {
        var found: [String: [TargetMemory]] = [:]
        for (id, memory) in table.all where memory.health.withLock(\.breaker.heedsProbes) {
            found[TargetTable.account(of: id), default: []].append(memory)
        }
        return found
    }

    /// Whether an account is due; the next time is set then.
    private func takeTurn(_ account: AccountName, _ policy: HealthCheckPolicy) -> Bool {
        let time = now()
        let fraction = Double(random() >> 11) / Double(1 << 53)
        return due.withLock { due in
            if let next = due[account], time < next { return false }
            due[account] = time + policy.interval * (0.8 + 0.4 * fraction)
            return true
        }
    }

    /// Sends a GET with the account's own fields.
    static let asks: Probe = { target, policy in
        do {
            let configuration = try HTTPClient.Configuration(for: target, connect: policy.timeout)
            return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                let endpoint = target.endpoint
                let scheme = endpoint.tls ? "https" : "http"
                let path = endpoint.basePath + policy.path + target.requestSuffix
                var request = HTTPClientRequest(url: "\(scheme)://\(endpoint.authority)\(path)")
                request.headers.add(name: "accept", value: "application/json")
                request.headers.add(name: "user-agent", value: "martlet")
                for field in target.headers { request.headers.add(name: field.name, value: field.value) }
                // The head says it all; nobody reads the list.
                let response = try await client.execute(request, timeout: TimeAmount(policy.timeout))
                return HealthCheckPolicy.isAlive(status: Int(response.status.code))
            }
        } catch {
            return false
        }
    }
}

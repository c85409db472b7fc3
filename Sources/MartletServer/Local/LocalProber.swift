import MartletConfig
import MartletCore
import MartletRouting
import Synchronization

/// Finds the engine on this machine and follows it: says when it comes, changes or goes.
final class LocalProber: Sendable {
    /// Where engines listen unless told otherwise: Ollama, llama-server, llama-server beside another server, LM Studio.
    ///
    /// When several answer, the first one here that has a model counts.
    static let ports = [11_434, 8_080, 9_931, 1_234]
    /// Time between rounds.
    static let interval = Duration.seconds(30)
    /// Time between rounds while an engine loads, or a configured one does not answer.
    static let shortInterval = Duration.seconds(3)
    /// An engine that answers slowly under load is kept for so many rounds.
    static let patience = 2

    private struct State {
        var finding: LocalProbe?
        var silentRounds = 0
        var expectsChange = false
    }

    private let probes: [EngineProbe]
    private let isConfigured: Bool
    private let clock: any Clock<Duration>
    private let onChange: @Sendable (LocalProbe?) -> Void
    private let state = Mutex(State())

    /// Creates a prober that has found nothing yet.
    ///
    /// - Parameters:
    ///   - settings: Where to look; without an endpoint, on the usual loopback ports.
    ///   - http: Sends the requests.
    ///   - clock: Measures the time between rounds.
    ///   - credential: The field with an engine's own key, by type.
    ///   - onChange: Told of every change, one after the other; `nil` means no engine answers.
    init(
        _ settings: LocalSettings,
        http: any EngineHTTP,
        clock: any Clock<Duration> = .continuous,
        credential: @escaping @Sendable (ProviderKind) -> HeaderField? = { _ in nil },
        onChange: @escaping @Sendable (LocalProbe?) -> Void
    ) {
        let usual = Self.ports.map { Endpoint(tls: false, host: "127.0.0.1", port: $0, basePath: "/v1") }
        isConfigured = settings.endpoint != nil
        probes = (settings.endpoint.map { [$0] } ?? usual).map { endpoint in
            EngineProbe(
                http: http,
                endpoint: endpoint,
                kind: settings.engine.map { ProviderKind($0) },
                // The operator's fields are for the endpoint that the operator named.
                headers: settings.endpoint == nil ? [] : settings.headers,
                credential: credential
            )
        }
        self.clock = clock
        self.onChange = onChange
    }

    /// What was found last.
    var current: LocalProbe? { state.withLock(\.finding) }

    /// Probes now and then again and again, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await probe()
            let expectsChange = state.withLock(\.expectsChange)
            do {
                try await clock.sleep(for: expectsChange ? Self.shortInterval : Self.interval)
            } catch {
                return
            }
        }
    }

    /// Probes once; not to be called while another round runs.
    func probe() async {
        let states = await look()
        guard !Task.isCancelled else { return }
        let running = states.compactMap { state -> LocalProbe? in
            if case .running(let finding) = state { finding } else { nil }
        }
        let found = running.first { !$0.models.isEmpty } ?? running.first
        let change = state.withLock { state -> LocalProbe?? in
            state.expectsChange = states.contains(.loading) || (isConfigured && found == nil)
            if found == nil, let known = state.finding, isSilent(known, states), state.silentRounds < Self.patience {
                state.silentRounds += 1
                state.expectsChange = true
                return nil
            }
            state.silentRounds = 0
            guard found != state.finding else { return nil }
            state.finding = found
            return .some(found)
        }
        if let change { onChange(change) }
    }

    /// Whether the endpoint of a known engine did not answer in time; a refused connection says that it is gone.
    private func isSilent(_ finding: LocalProbe, _ states: [EngineState]) -> Bool {
        zip(probes, states).contains { probe, state in state == .silent && probe.endpoint == finding.endpoint }
    }

    /// Asks all endpoints at once; the states stand in their order.
    private func look() async -> [EngineState] {
        await withTaskGroup(of: (Int, EngineState).self) { group in
            for (index, probe) in probes.enumerated() {
                group.addTask { (index, await probe.look()) }
            }
            var states = [EngineState](repeating: .absent, count: probes.count)
            for await (index, state) in group { states[index] = state }
            return states
        }
    }
}

import MartletCore
import MartletRouting
import MartletTesting
import Synchronization
import Testing

@testable import MartletServer

@Suite("Health prober") struct HealthProberTests {
    /// What a probe says, and how often it was asked.
    private final class Script: Sendable {
        let isAlive = Mutex(false)
        let asked = Mutex<[String]>([])
    }

    private let clock = ManualClock()
    private let table = TargetTable()
    private let script = Script()

    private func account(_ name: String, check: HealthCheckPolicy?) -> Account {
        Account(name: AccountName(name), kind: ProviderKind("openai_compatible"), healthCheck: check) { model in
            Target(
                id: Self.id(name, model),
                account: AccountName(name),
                kind: ProviderKind("openai_compatible"),
                dialect: .openAIChat,
                upstreamModel: model,
                endpoint: Endpoint(tls: false, host: "127.0.0.1", port: 1, basePath: "/v1"),
                source: .custom,
                isLocal: false
            )
        }
    }

    private static func id(_ account: String, _ model: String) -> TargetID {
        TargetID(account: AccountName(account), upstreamModel: model, credentialLocation: "none")
    }

    private func prober(_ check: HealthCheckPolicy? = HealthCheckPolicy()) -> HealthProber {
        let accounts = [account("one", check: check), account("two", check: nil)]
        let snapshot = Snapshot(
            models: [:],
            listed: [],
            accounts: Dictionary(uniqueKeysWithValues: accounts.map { ($0.name, $0) }),
            defaultModel: nil
        )
        let (clock, script) = (clock, script)
        return HealthProber(table, snapshot: { snapshot }, now: { clock.now }, random: { 1 << 63 }) { target, _ in
            script.asked.withLock { $0.append(target.account.rawValue) }
            return script.isAlive.withLock { $0 }
        }
    }

    /// Attempts on a target that fail until its circuit opens.
    private func open(_ account: String, _ model: String) {
        let policy = CircuitBreakerPolicy()
        table.memory(of: Self.id(account, model)).health.withLock { health in
            while health.breaker.isClosed {
                guard case .granted(let permit) = health.admit(clock.now, policy) else { return }
                health.ended(permit, .failed(AttemptFailure(.connect)), clock.now, policy, 1 << 63)
            }
        }
    }

    private func state(_ account: String, _ model: String) -> CircuitBreaker.State {
        table.memory(of: Self.id(account, model)).health.withLock { $0.breaker.state(at: clock.now) }
    }

    private var asked: [String] { script.asked.withLock { $0 } }

    @Test("nobody is probed while all circuits are closed, or whose account does not ask for it")
    func quiet() async {
        _ = table.memory(of: Self.id("one", "well"))
        open("two", "m")
        await prober().round()
        #expect(asked.isEmpty)
        open("one", "m")
        await prober(nil).round()
        #expect(asked.isEmpty)
    }

    @Test("an account is asked once an interval, however many of its targets failed")
    func once() async {
        let prober = prober()
        for model in ["a", "b", "c"] { open("one", model) }
        await prober.round()
        await prober.round()
        #expect(asked == ["one"])
        clock.advance(by: .seconds(5))
        await prober.round()
        #expect(asked == ["one", "one"])
    }

    @Test("silence keeps circuits open from probe to probe; a sign of life lets the next request try them")
    func feeds() async {
        let prober = prober()
        open("one", "m")
        for _ in 0..<10 {
            await prober.round()
            clock.advance(by: .seconds(5))
            #expect(state("one", "m") == .open)
        }
        script.isAlive.withLock { $0 = true }
        await prober.round()
        #expect(state("one", "m") == .halfOpen)
    }

    @Test("whoever answers lives, a server that fails or sends elsewhere does not")
    func statuses() {
        for status in [200, 401, 404, 429] { #expect(HealthCheckPolicy.isAlive(status: status), "\(status)") }
        for status in [302, 408, 500, 503] { #expect(!HealthCheckPolicy.isAlive(status: status), "\(status)") }
    }

    @Test(
        "the request is a GET of the list of models with the account's own fields; a silent server is no sign of life"
    )
    func request() async throws {
        let upstream = try await ScriptedUpstream.start { request, _ in
            request.requestLine.contains("/v1/models")
                ? .named(request, attempt: 0, unixSeconds: 0) : UpstreamScript([.hold])
        }
        func target(_ path: String) -> Target {
            Target(
                id: Self.id("one", ""),
                account: AccountName("one"),
                kind: ProviderKind("openai_compatible"),
                dialect: .openAIChat,
                upstreamModel: "",
                endpoint: Endpoint(tls: false, host: "127.0.0.1", port: upstream.port, basePath: path),
                source: .custom,
                isLocal: false,
                headers: [HeaderField(name: "authorization", value: "Bearer sk-0123456789")]
            )
        }
        var policy = HealthCheckPolicy()
        policy.timeout = .milliseconds(200)
        let answers = await HealthProber.asks(target("/v1"), policy)
        #expect(answers)
        let request = try #require(upstream.journal.requests.first)
        #expect(request.requestLine == "GET /v1/models HTTP/1.1" && request.body.isEmpty)
        #expect(request.values(of: "authorization") == ["Bearer sk-0123456789"])
        let silent = await HealthProber.asks(target("/silent"), policy)
        #expect(!silent)
        await upstream.stop()
        let gone = await HealthProber.asks(target("/v1"), policy)
        #expect(!gone)
    }
}

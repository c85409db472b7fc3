import MartletConfig
import MartletCore
import MartletRouting
import Synchronization
import Testing

@testable import MartletServer

@Suite("Local prober")
struct LocalProberTests {
    private let engines = ScriptedEngines()
    private let findings = Findings()

    private func prober(_ settings: LocalSettings = LocalSettings()) -> LocalProber {
        LocalProber(settings, http: engines, credential: Self.credential) { findings.add($0) }
    }

    private static func credential(_ kind: ProviderKind) -> HeaderField? {
        kind.rawValue == "llama_server" ? HeaderField(name: "authorization", value: "Bearer local") : nil
    }

    private func settings(_ engine: String? = nil, basePath: String = "/v1") -> LocalSettings {
        var settings = LocalSettings()
        settings.engine = engine
        settings.endpoint = Endpoint(tls: true, host: "gpu.example", port: 443, basePath: basePath)
        settings.headers = [HeaderField(name: "cf-access-client-id", value: "id")]
        return settings
    }

    private func list(_ names: String..., owner: String = "me", more: String = "") -> EngineAnswer {
        let entries = names.map { #"{"id":"\#($0)","object":"model","owned_by":"\#(owner)"\#(more)}"# }
        return .json(#"{"object":"list","data":[\#(entries.joined(separator: ","))]}"#)
    }

    private func names(_ finding: LocalProbe?) -> [String]? { finding?.models.map(\.name) }

    @Test("asks the four usual ports for models and says nothing when nobody is there")
    func nobody() async {
        await prober().probe()
        #expect(engines.asked == LocalProber.ports.map { "127.0.0.1:\($0)/v1/models" }.sorted())
        #expect(findings.all.isEmpty)
    }

    @Test("knows llama-server by its Server field, with its context window and slots")
    func llamaServer() async {
        var models = list("tiny.gguf", owner: "llamacpp", more: #","meta":{"n_ctx":4096,"n_ctx_train":8192}"#)
        models.server = "llama.cpp"
        engines.answer("127.0.0.1:8080/v1/models", models)
        engines.answer("127.0.0.1:8080/props", .json(#"{"total_slots":4,"model_path":"x"}"#))
        await prober().probe()
        let found = findings.all.last ?? nil
        #expect(found?.kind == ProviderKind("llama_server"))
        #expect(found?.endpoint == Endpoint(tls: false, host: "127.0.0.1", port: 8_080, basePath: "/v1"))
        #expect(found?.models == [LocalProbe.Model(name: "tiny.gguf", contextWindow: 4_096)])
        #expect(found?.slots == 4)
    }

    @Test(
        "finds the type out by what only that engine answers",
        arguments: [
            ("/api/version", #"{"version":"0.9.1"}"#, "ollama"),
            ("/api/v1/models", #"{"models":[]}"#, "lm_studio"),
            ("/api/v0/models", #"{"data":[],"object":"list"}"#, "lm_studio"),
            ("/props", #"{"total_slots":1}"#, "llama_server"),
            ("/api/version", "<html>", "openai_compatible"),
            ("/props", #"["total_slots"]"#, "openai_compatible"),
        ]
    )
    func kinds(path: String, body: String, kind: String) async {
        engines.answer("127.0.0.1:1234/v1/models", list("m"))
        engines.answer("127.0.0.1:1234\(path)", .json(body))
        await prober().probe()
        #expect(findings.all.last??.kind == ProviderKind(kind))
    }

    @Test(
        "believes what stands in owned_by without asking further",
        arguments: [("organization_owner", "lm_studio"), ("library", "ollama"), ("vllm", "vllm")]
    )
    func owners(owner: String, kind: String) async {
        engines.answer("127.0.0.1:1234/v1/models", list("m", owner: owner))
        await prober().probe()
        #expect(findings.all.last??.kind == ProviderKind(kind))
        #expect(engines.asked.count == LocalProber.ports.count)
    }

    @Test("prefers the first port that has a model")
    func order() async {
        engines.answer("127.0.0.1:11434/v1/models", list(owner: "library"))
        engines.answer("127.0.0.1:9931/v1/models", list("b"))
        engines.answer("127.0.0.1:1234/v1/models", list("c"))
        await prober().probe()
        #expect(names(findings.all.last ?? nil) == ["b"])
    }

    @Test("asks only the configured address, and respects the configured type")
    func configured() async {
        engines.answer("gpu.example/v1/models", list("m", owner: "llamacpp"))
        await prober(settings("openai_compatible")).probe()
        #expect(engines.asked == ["gpu.example/v1/models"])
        #expect(findings.all.last??.kind == ProviderKind("openai_compatible"))
        #expect(engines.fields == [["cf-access-client-id: id"]])
    }

    @Test("sends the operator's fields to the configured address only")
    func fields() async {
        var other = settings()
        other.endpoint = nil
        await prober(other).probe()
        #expect(engines.fields == [[], [], [], []])
    }

    @Test("asks for native paths beside the base path")
    func basePath() async {
        engines.answer("gpu.example/llm/v1/models", list("m"))
        engines.answer("gpu.example/llm/api/version", .json(#"{"version":"1"}"#))
        await prober(settings(basePath: "/llm/v1")).probe()
        #expect(findings.all.last??.kind == ProviderKind("ollama"))
    }

    @Test("sends an engine's key only when an engine of that type asks for one")
    func credential() async {
        engines.answer("gpu.example/v1/models", EngineAnswer(status: 401, server: "llama.cpp"))
        await prober(settings()).probe()
        let plain = ["cf-access-client-id: id"]
        #expect(engines.fields == [plain, plain + ["authorization: Bearer local"]])
        engines.forget()
        engines.answer("gpu.example/v1/models", EngineAnswer(status: 401, server: "nginx"))
        await prober(settings()).probe()
        #expect(engines.fields == [plain])
    }

    @Test("publishes a change once, and nothing when nothing changed")
    func changes() async {
        let prober = prober()
        engines.answer("127.0.0.1:8080/v1/models", list("a"))
        await prober.probe()
        await prober.probe()
        engines.answer("127.0.0.1:8080/v1/models", list("a", "b"))
        await prober.probe()
        engines.fail("127.0.0.1:8080/v1/models", .unreachable)
        await prober.probe()
        await prober.probe()
        #expect(findings.all.map(names) == [["a"], ["a", "b"], nil])
        #expect(prober.current == nil)
    }

    @Test("keeps an engine that is slow for two rounds, and lets go of it then")
    func patience() async {
        let prober = prober()
        engines.answer("127.0.0.1:8080/v1/models", list("a"))
        await prober.probe()
        engines.fail("127.0.0.1:8080/v1/models", .timeout)
        for _ in 0..<LocalProber.patience { await prober.probe() }
        #expect(names(prober.current) == ["a"])
        await prober.probe()
        #expect(findings.all.map(names) == [["a"], nil])
    }

    @Test("takes an engine that loads its model for one that does not answer yet, and asks again soon")
    func loading() async {
        let answer = EngineAnswer(
            status: 503,
            body: Array(#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#.utf8)
        )
        engines.answer("127.0.0.1:8080/v1/models", answer)
        let clock = CountingClock(rounds: 2) { engines.answer("127.0.0.1:8080/v1/models", list("a")) }
        let prober = LocalProber(LocalSettings(), http: engines, clock: clock) { findings.add($0) }
        await prober.run()
        #expect(clock.sleeps == [LocalProber.shortInterval, LocalProber.interval])
        #expect(findings.all.map(names) == [["a"]])
    }

    @Test("does not take a gateway for an engine, be it itself")
    func gateway() async {
        var answer = list("m")
        answer.isGateway = true
        engines.answer("127.0.0.1:8080/v1/models", answer)
        await prober().probe()
        #expect(findings.all.isEmpty)
    }

    @Test(
        "does not take other servers for engines",
        arguments: [
            EngineAnswer(status: 404), EngineAnswer(status: 302), EngineAnswer(status: 503),
            .json("<html>"), .json("[]"), .json(#"{"data":{}}"#), .json(#"{"error":"x"}"#), .json(""),
        ]
    )
    func otherServers(answer: EngineAnswer) async {
        engines.answer("127.0.0.1:8080/v1/models", answer)
        await prober().probe()
        #expect(findings.all.isEmpty)
    }

    @Test("passes over names that cannot be shown, doubles and unlikely windows, and lists embedding models last")
    func badEntries() async {
        let body = #"""
            {"data":[{"id":"nomic-embed"},{"id":"a"},{"id":"a"},{"id":""},{"id":"x\ny"},{"id":7},3,
            {"id":"b","max_model_len":8192},{"id":"c","meta":{"n_ctx":-1}},{"id":"d","meta":{"n_ctx":1e300}}]}
            """#
        engines.answer("127.0.0.1:8080/v1/models", .json(body))
        await prober().probe()
        #expect(names(findings.all.last ?? nil) == ["a", "b", "c", "d", "nomic-embed"])
        #expect(findings.all.last??.models.map(\.contextWindow) == [nil, 8_192, nil, nil, nil])
    }
}

extension EngineAnswer {
    fileprivate static func json(_ text: String) -> EngineAnswer { EngineAnswer(status: 200, body: Array(text.utf8)) }
}

/// What a prober published, in order.
private final class Findings: Sendable {
    private let list = Mutex<[LocalProbe?]>([])

    var all: [LocalProbe?] { list.withLock { $0 } }

    func add(_ finding: LocalProbe?) { list.withLock { $0.append(finding) } }
}

/// Engines that answer by script; what has no script refuses the connection or answers 404.
private final class ScriptedEngines: EngineHTTP {
    private struct State {
        var answers: [String: Result<EngineAnswer, EngineFailure>] = [:]
        var requests: [(url: String, fields: [String])] = []
    }

    private let state = Mutex(State())

    var asked: [String] { state.withLock { $0.requests.map(\.url).sorted() } }
    var fields: [[String]] { state.withLock { $0.requests.map(\.fields) } }

    func answer(_ url: String, _ answer: EngineAnswer) { state.withLock { $0.answers[url] = .success(answer) } }
    func fail(_ url: String, _ failure: EngineFailure) { state.withLock { $0.answers[url] = .failure(failure) } }
    func forget() { state.withLock { $0.requests = [] } }

    func get(_ endpoint: Endpoint, path: String, headers: [HeaderField]) async throws(EngineFailure) -> EngineAnswer {
        let url = endpoint.authority + path
        let result = state.withLock { state -> Result<EngineAnswer, EngineFailure> in
            state.requests.append((url, headers.map { "\($0.name): \($0.value)" }))
            if let answer = state.answers[url] { return answer }
            let isUp = state.answers.keys.contains { $0.hasPrefix(endpoint.authority + "/") }
            return isUp ? .success(EngineAnswer(status: 404)) : .failure(.unreachable)
        }
        return try result.get()
    }
}

/// A clock that does not wait: notes what is slept, and cancels after so many rounds.
private final class CountingClock: Clock {
    typealias Instant = ContinuousClock.Instant
    typealias Duration = Swift.Duration

    private let rounds: Int
    private let between: @Sendable () -> Void
    private let start = ContinuousClock.now
    private let slept = Mutex<[Duration]>([])

    init(rounds: Int, between: @escaping @Sendable () -> Void) {
        self.rounds = rounds
        self.between = between
    }

    var sleeps: [Duration] { slept.withLock { $0 } }
    var now: Instant { start }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let count = slept.withLock { slept in
            slept.append(deadline - start)
            return slept.count
        }
        guard count < rounds else { throw CancellationError() }
        between()
    }
}

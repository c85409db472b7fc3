import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting

/// A configuration for one test.
struct Setup {
    /// Targets of the model `gpt-test`.
    var targets = [Target.sample("one")]
    /// Further models.
    var models: [String: [Target]] = [:]
    /// What the list of models shows.
    var listed: [ListedModel] = []
    var local = LocalEngine.notConfigured
    var server = ServerSettings()
    var auth = AuthSettings()
    var timeouts = TimeoutPolicy()
    var retry = RetryPolicy()
    var admission = AdmissionPolicy()
    var limits = InputLimits()
    var observability = ObservabilitySettings()
    var media = MediaSettings()
    var routing = RoutingPolicy()
    var aliases: [Alias] = []
    var hedge = HedgePolicy()
    var streams = StreamPolicy()

    /// Two targets of one model.
    static var pair: Setup { Setup(targets: [.sample("one"), .sample("two")]) }

    var snapshot: Snapshot {
        var entries: [ModelName: ModelEntry] = [:]
        for (name, targets) in models.merging(
            ["gpt-test": targets, "mock": [.mock]],
            uniquingKeysWith: { first, _ in first }
        ) {
            entries[ModelName(name)] = ModelEntry(name: ModelName(name), targets: targets)
        }
        for alias in aliases { entries[alias.name] = ModelEntry(alias) }
        let account = Account(name: AccountName("acme"), kind: ProviderKind("openai_compatible")) {
            .sample("acme", model: $0)
        }
        return Snapshot(
            models: entries,
            listed: listed,
            accounts: [account.name: account],
            defaultModel: ModelName("gpt-test"),
            local: local,
            server: server,
            auth: auth,
            timeouts: timeouts,
            retry: retry,
            admission: admission,
            limits: limits,
            observability: observability,
            media: media,
            routing: routing,
            aliases: aliases,
            hedge: hedge,
            streams: streams
        )
    }

    /// Two targets of one model; the second goes on from what the first has said.
    static var stitched: Setup {
        var quirks = Quirks()
        quirks.continuation = .finalMessage
        var setup = Setup(targets: [.sample("one"), .sample("two", quirks: quirks)])
        setup.streams.isStitched = true
        return setup
    }

    /// Two targets of one model; the second is asked when the first has been silent for a second.
    static var hedged: Setup {
        var setup = Setup.pair
        setup.hedge.isEnabled = true
        setup.hedge.delay = .seconds(1)
        return setup
    }
}

extension Target {
    /// The credential of every sample target.
    static let secret = "sk-upstream-0123456789"

    static func sample(
        _ account: String,
        model: String = "upstream-model",
        dialect: Dialect = .openAIChat,
        isLocal: Bool = false,
        quirks: Quirks = Quirks(),
        contextWindow: Int? = nil,
        timeouts: TargetTimeouts = TargetTimeouts(),
        maxConcurrency: Int = 0,
        capabilities: ModelCapabilities = ModelCapabilities(),
        otherDialects: [Dialect] = [],
        price: PriceTable? = PriceTable(input: TokenPrice(picoUSD: 1_000_000), output: TokenPrice(picoUSD: 2_000_000)),
        authorization: Authorization? = nil
    ) -> Target {
        Target(
            id: TargetID(account: AccountName(account), upstreamModel: model, credentialLocation: "env::KEY"),
            account: AccountName(account),
            kind: ProviderKind("openai_compatible"),
            dialect: dialect,
            upstreamModel: model,
            endpoint: Endpoint(
                tls: !isLocal,
                host: isLocal ? "127.0.0.1" : "api.example.com",
                port: 443,
                basePath: "/v1"
            ),
            source: isLocal ? .local : .cloud,
            isLocal: isLocal,
            headers: authorization == nil ? [HeaderField(name: "authorization", value: "Bearer \(secret)")] : [],
            quirks: quirks,
            price: price,
            contextWindow: contextWindow,
            timeouts: timeouts,
            maxConcurrency: maxConcurrency,
            otherDialects: otherDialects,
            capabilities: capabilities,
            authorization: authorization
        )
    }

    static let mock = Target(
        id: TargetID(account: AccountName("mock"), upstreamModel: "mock", credentialLocation: "none"),
        account: AccountName("mock"),
        kind: ProviderKind("mock"),
        dialect: .mock,
        upstreamModel: "mock",
        endpoint: Endpoint(tls: false, host: "localhost", port: 1, basePath: ""),
        source: .local,
        isLocal: true,
        price: .free
    )
}

extension Authorization {
    /// A token that is fetched for an account.
    static func sample(_ account: String) -> Authorization {
        Authorization(
            CredentialID(account: AccountName(account), location: "sdk"),
            source: .google(GoogleCredentialSource(.file("/key.json"), scope: "all")),
            form: .field(name: "authorization", prefix: "Bearer ")
        )
    }
}

extension ClientHead {
    /// The head of a chat request with a key.
    static func chat(_ edit: (ClientHead) -> Void = { _ in }) -> ClientHead {
        let head = ClientHead(method: .post, path: "/v1/chat/completions")
        head.host = "127.0.0.1:8004"
        head.contentType = "application/json"
        head.contentLength = 100
        head.authorization = "Bearer sk-mt-key"
        edit(head)
        return head
    }

    /// The head of a request without a body and without a key.
    static func get(_ path: String, _ edit: (ClientHead) -> Void = { _ in }) -> ClientHead {
        let head = ClientHead(method: .get, path: path)
        head.host = "localhost:8004"
        edit(head)
        return head
    }
}

/// Bodies and streams of chat completions.
enum Chat {
    /// A request of 11 bytes of prompt text, which are 3 tokens by the estimate rule.
    static func body(stream: Bool = false, model: String? = "gpt-test", extra: String = "") -> String {
        let name = model.map { "\"model\":\"\($0)\"," } ?? ""
        return
            "{\(name)\"messages\":[{\"role\":\"user\",\"content\":\"hello there\"}]\(stream ? ",\"stream\":true" : "")\(extra)}"
    }

    static let answer =
        "{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
        + "\"content\":\"Hi.\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,"
        + "\"total_tokens\":9}}"

    static func event(_ choice: String) -> String {
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\(choice)}]}\n\n"
    }

    static let role = event("\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null")
    static func text(_ text: String) -> String { event("\"delta\":{\"content\":\"\(text)\"},\"finish_reason\":null") }
    static let finish = event("\"delta\":{},\"finish_reason\":\"stop\"")
    static let usage =
        "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\n"
    static let done = "data: [DONE]\n\n"
    static let ping = ": ping\n\n"
    static let error = "data: {\"error\":{\"message\":\"over\",\"type\":\"server_error\",\"code\":\"boom\"}}\n\n"

    /// A whole stream with everything a good upstream sends.
    static let stream = role + ping + text("Hel") + text("lo") + finish + usage + done
    /// What a client that did not ask for usage gets of it.
    static let relayed = role + ping + text("Hel") + text("lo") + finish + done
}

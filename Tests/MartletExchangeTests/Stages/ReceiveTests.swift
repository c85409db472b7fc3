import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Receive") struct ReceiveTests {
    private func answer(_ head: ClientHead, _ setup: Setup = Setup()) -> Driver {
        let driver = Driver(setup, head: head).begin()
        #expect(driver.problems.isEmpty, "\(driver.report)")
        return driver
    }

    @Test(
        "finds the chat endpoint at every mount, with and without a slash at the end",
        arguments: ["/v1", "/ai/v1", "/openai/v1"].flatMap { [$0 + "/chat/completions", $0 + "/chat/completions/"] }
    )
    func mounts(path: String) {
        let driver = answer(.chat { $0.path = path })
        #expect(driver.wantsClient)
    }

    @Test(
        "answers an unknown path with 404 in the shape of its surface",
        arguments: [
            ("/v1", "{\"error\":{\"message\":"), ("/v1/embeddings/1", "{\"error\":{\"message\":"),
            ("/v1/messages/1", "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\""),
            ("/anthropic/v1/messages/1", "{\"type\":\"error\","), ("/api/pull", "{\"error\":\""),
            ("/inference", "{\"error\":\""), ("/batch_inference/1", "{\"error\":\""),
        ]
    )
    func unknown(path: String, start: String) {
        let driver = answer(.get(path))
        #expect(driver.response?.status == 404)
        #expect(driver.bodyText.hasPrefix(start))
        #expect(driver.field("x-should-retry") == "false")
        #expect(driver.env.presented.isEmpty, "answered before authenticate")
        #expect(driver.response?.closes == false)
        #expect(driver.outcome?.isInference == false)
    }

    @Test(
        "no trick of the path reaches an endpoint",
        arguments: [
            "/v1//chat/completions", "//v1/chat/completions", "/v1/../v1/chat/completions", "/v1/./chat/completions",
            "/v1/chat%2Fcompletions", "/v1/chat/completions;x", "/v1/chat/completions//", "/v1/chat/completions%00",
            "/V1/chat/completions", "/v1/chat/completions/x", "/v1/models//", "/v1/models//x", "/v1/models/a/../b",
            "/v1/models/.", "/v1/models/..", "/v1/models/a%", "/v1/models/a%2", "/v1/models/%00", "/v1/models/%zz",
            "/admin/../v1", "/admin//usage", "/admin/%2e%2e/x", "/admin/a;b", "/admin", "/admin/", "/live/x", "*", "",
        ]
    )
    func tricks(path: String) {
        let driver = answer(.get(path) { $0.authorization = "Bearer k" })
        #expect(driver.response?.status == 404)
        #expect(driver.errorCode == "not_found")
    }

    @Test(
        "takes a model's name from the path, decoded once",
        arguments: [
            ("/v1/models/gpt-test", "gpt-test"), ("/ai/v1/models/a/b", "a/b"), ("/v1/models/a%2Fb", "a/b"),
            ("/v1/models/a%2fb/", "a/b"), ("/v1/models/a%252Fb", "a%2Fb"), ("/v1/models/local:x", "local:x"),
        ]
    )
    func models(path: String, id: String) {
        #expect(PathMatcher.endpoint(of: path, basePaths: ["/v1", "/ai/v1"], metricsPath: "/metrics") == .model(id))
    }

    @Test(
        "knows the pages",
        arguments: [
            ("/live", Page.live), ("/live/", .live), ("/ready", .ready), ("/health", .health), ("/status", .health),
            ("/ai/v1/health", .health), ("/metrics", .metrics), ("/admin/metrics", .metrics),
        ]
    )
    func pages(path: String, page: Page) {
        #expect(PathMatcher.endpoint(of: path, basePaths: ["/v1"], metricsPath: "/metrics") == .page(page))
    }

    @Test("hands admin paths to the control plane, with and without a slash at the end")
    func admin() {
        for path in ["/admin/usage", "/admin/keys/abc", "/admin/usage/"] {
            #expect(PathMatcher.endpoint(of: path, basePaths: ["/v1"], metricsPath: "/metrics") == .control)
        }
    }

    @Test(
        "answers other methods with 405 and those that the path has",
        arguments: [
            ("/v1/chat/completions", ClientHead.Method.get, "POST, OPTIONS"),
            ("/v1/chat/completions", .delete, "POST, OPTIONS"), ("/v1/models", .post, "GET, HEAD, OPTIONS"),
            ("/v1/models/gpt-test", .put, "GET, HEAD, OPTIONS"), ("/live", .post, "GET, HEAD, OPTIONS"),
            ("/admin/usage", .other("PURGE"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ]
    )
    func methods(path: String, method: ClientHead.Method, allow: String) {
        let driver = answer(.get(path) { $0.method = method })
        #expect(driver.response?.status == 405)
        #expect(driver.errorCode == "method_not_allowed")
        #expect(driver.field("allow") == allow)
        #expect(driver.env.presented.isEmpty)
    }

    @Test("answers OPTIONS with what the path has, without a key and without CORS")
    func options() {
        let driver = answer(.get("/v1/chat/completions") { $0.method = .options })
        #expect(driver.response?.status == 204)
        #expect(driver.field("allow") == "POST, OPTIONS")
        #expect(driver.body.isEmpty)
        #expect(driver.response?.fields.contains { $0.name.hasPrefix("access-control") } == false)
    }

    @Test(
        "on a loopback bind only loopback names are served",
        arguments: [
            ("127.0.0.1:8004", true), ("localhost", true), ("LOCALHOST:1", true), ("[::1]:8004", true),
            ("127.8.9.10", true),
            ("127.0.0.1.evil.com", false), ("localhost.evil.com", false), ("evil.com:8004", false), ("", false),
            ("127.0.0.256", false), ("[::2]", false), ("127.0.0.1@evil.com", false), ("extra.example", true),
        ]
    )
    func hosts(host: String, isServed: Bool) {
        var setup = Setup()
        setup.server.allowedHosts = ["Extra.example"]
        let driver = answer(.get("/health") { $0.host = host }, setup)
        #expect(driver.response?.status == (isServed ? 200 : 421))
        if !isServed { #expect(driver.errorCode == "host_not_allowed") }
    }

    @Test("a presented key lets any name in where keys are checked, but not where they are not")
    func hostsWithKey() {
        let head = ClientHead.chat { $0.host = "evil.com" }
        #expect(answer(head).wantsClient)
        var setup = Setup()
        setup.auth.enabled = false
        #expect(answer(head, setup).response?.status == 421)
    }

    @Test("on a public bind any name is served, unless names are configured")
    func publicHosts() {
        var setup = Setup()
        setup.server.host = "0.0.0.0"
        #expect(answer(.get("/health") { $0.host = "any.example" }, setup).response?.status == 200)
        setup.server.allowedHosts = ["mine.example"]
        #expect(answer(.get("/health") { $0.host = "any.example" }, setup).response?.status == 421)
        #expect(answer(.get("/health") { $0.host = "mine.example:80" }, setup).response?.status == 200)
    }

    @Test("knows only one expectation")
    func expectation() {
        let known = answer(.chat { $0.expectation = "100-Continue" })
        #expect(known.continued)
        let other = answer(.chat { $0.expectation = "200-ok" })
        #expect(other.response?.status == 417)
        #expect(other.errorCode == "expectation_failed")
    }

    @Test("never tells a client to go on before it is let in")
    func expectationBeforeAuth() {
        let driver = Driver(head: .chat { $0.expectation = "100-continue" })
        driver.env.auth = .refused
        driver.begin()
        #expect(!driver.continued)
        #expect(driver.response?.status == 401)
        #expect(driver.response?.closes == true)
    }

    @Test("shows what the adapter found wrong, and closes")
    func refusal() {
        let driver = answer(.get("/v1/models") { $0.refusal = GatewayError(.headersTooLarge, "Too much.") })
        #expect(driver.response?.status == 431)
        #expect(driver.response?.closes == true)
    }

    @Test(
        "keeps a client's request id only if it is well formed",
        arguments: [
            ("req-1.A_b", true), ("", false), ("a b", false), ("a\"b", false),
            (String(repeating: "x", count: 128), true),
            (String(repeating: "x", count: 129), false), ("é", false),
        ]
    )
    func requestID(id: String, isKept: Bool) {
        let driver = answer(.get("/live") { $0.requestID = id })
        #expect((driver.field("x-request-id") == id) == isKept)
        #expect(driver.field("request-id") == driver.field("x-request-id"))
        if !isKept { #expect(RecordID(driver.field("x-request-id") ?? "") == driver.recordID) }
    }
}

import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Attempt") struct AttemptTests {
    static let contextError = "{\"error\":{\"message\":\"too long\",\"code\":\"context_length_exceeded\"}}"
    static let llamaContextError =
        "{\"error\":{\"code\":400,\"message\":\"big\",\"type\":\"exceed_context_size_error\"}}"
    static let filterError = "{\"error\":{\"message\":\"no\",\"code\":\"content_filter\"}}"
    static let quotaError =
        "{\"error\":{\"message\":\"pay\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}"

    static let rows: [FailureRow] =
        [
            FailureRow(
                name: "connection refused",
                script: .refusesConnection,
                attempts: 4,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(
                name: "connect timeout",
                script: .doesNotConnect,
                attempts: 4,
                status: 504,
                code: "provider_timeout"
            ),
            FailureRow(
                name: "reset before the head",
                script: .resets,
                attempts: 4,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(
                name: "reset in a body",
                script: UpstreamScript(
                    head: UpstreamHead(status: 200, media: .json),
                    bytes: "{\"choices\":",
                    ending: .broken(.closed)
                ),
                attempts: 4,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(
                name: "end before the first event",
                script: .stream(Chat.role, ending: .broken(.closed)),
                attempts: 4,
                status: 502,
                code: "provider_error",
                isStream: true
            ),
            FailureRow(
                name: "no first token in time",
                script: .stream(Chat.ping, ending: .silence),
                attempts: 2,
                status: 504,
                code: "provider_timeout",
                isStream: true
            ),
        ]
        + [500, 502, 503, 504, 408, 425].map {
            FailureRow(name: "\($0)", script: .status($0), attempts: 4, status: 502, code: "provider_error")
        } + [
            FailureRow(
                name: "529",
                script: .status(529),
                attempts: 4,
                status: 503,
                code: "overloaded",
                retryAfter: "5"
            ),
            FailureRow(
                name: "429 with a short wait",
                script: .status(429, retryAfter: .milliseconds(1_500)),
                attempts: 4,
                status: 429,
                code: "provider_rate_limited",
                retryAfter: "2",
                shouldRetry: nil
            ),
            FailureRow(
                name: "429 with a long wait",
                script: .status(429, retryAfter: .seconds(30)),
                attempts: 2,
                status: 429,
                code: "provider_rate_limited",
                retryAfter: "30",
                shouldRetry: nil
            ),
            FailureRow(
                name: "429 without a wait",
                script: .status(429),
                attempts: 2,
                status: 429,
                code: "provider_rate_limited",
                retryAfter: "10",
                shouldRetry: nil
            ),
            FailureRow(
                name: "429 insufficient_quota",
                script: .status(429, quotaError, retryAfter: .seconds(1)),
                attempts: 2,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(name: "402", script: .status(402), attempts: 2, status: 502, code: "provider_error"),
            FailureRow(name: "401", script: .status(401), attempts: 2, status: 502, code: "provider_auth_error"),
            FailureRow(name: "403", script: .status(403), attempts: 2, status: 502, code: "provider_auth_error"),
            FailureRow(name: "404", script: .status(404), attempts: 2, status: 502, code: "provider_error"),
            FailureRow(name: "418", script: .status(418), attempts: 2, status: 502, code: "provider_error"),
            FailureRow(
                name: "400 context length",
                script: .status(400, contextError),
                attempts: 1,
                status: 400,
                code: "context_length_exceeded"
            ),
            FailureRow(
                name: "400 content filter",
                script: .status(400, filterError),
                attempts: 1,
                status: 400,
                code: "content_filter"
            ),
        ]
        + [400, 409, 413, 422].map {
            FailureRow(name: "\($0)", script: .status($0), attempts: 1, status: $0, code: nil)
        } + [
            FailureRow(
                name: "wrong content type",
                script: .status(200, "<html>", media: .other),
                attempts: 2,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(
                name: "not JSON",
                script: .status(200, "hello"),
                attempts: 2,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(name: "empty", script: .status(200, ""), attempts: 2, status: 502, code: "provider_error"),
            FailureRow(name: "no answer", script: .status(200, "{}"), attempts: 2, status: 502, code: "provider_error"),
            FailureRow(
                name: "bad framing",
                script: UpstreamScript(ending: .broken(.framing)),
                attempts: 2,
                status: 502,
                code: "provider_error"
            ),
            FailureRow(name: "redirect", script: .status(302, ""), attempts: 2, status: 502, code: "provider_error"),
            FailureRow(
                name: "an empty stream",
                script: .stream(Chat.role + Chat.done),
                attempts: 2,
                status: 502,
                code: "provider_error",
                isStream: true
            ),
            FailureRow(
                name: "JSON where a stream was asked for",
                script: .status(200, Chat.answer),
                attempts: 2,
                status: 502,
                code: "provider_error",
                isStream: true,
                usage: Usage(inputTokens: 14, outputTokens: 4)
            ),
            FailureRow(
                name: "a stream that begins with an unknown error",
                script: .stream(Chat.error),
                attempts: 4,
                status: 502,
                code: "provider_error",
                isStream: true
            ),
            FailureRow(
                name: "a stream that begins with a rate limit",
                script: .stream("data: {\"error\":{\"message\":\"slow\",\"code\":\"rate_limit_exceeded\"}}\n\n"),
                attempts: 2,
                status: 429,
                code: "provider_rate_limited",
                isStream: true,
                retryAfter: "10",
                shouldRetry: nil
            ),
            FailureRow(
                name: "a stream that begins with a numeric code",
                script: .stream("data: {\"error\":{\"message\":\"who\",\"code\":401}}\n\n"),
                attempts: 2,
                status: 502,
                code: "provider_auth_error",
                isStream: true
            ),
            FailureRow(
                name: "a stream that begins with a context length error",
                script: .stream("data: \(llamaContextError)\n\n"),
                attempts: 1,
                status: 400,
                code: "400",
                isStream: true
            ),
            FailureRow(
                name: "200 that is a content filter's refusal",
                script: .status(200, filterError),
                attempts: 1,
                status: 400,
                code: "content_filter"
            ),
        ]

    @Test("each failure is repeated, passed over and shown as the table says", arguments: rows)
    func table(row: FailureRow) {
        let driver = Driver(.pair).send(Chat.body(stream: row.isStream))
        driver.serve { _ in row.script }
        #expect(driver.problems.isEmpty, "\(driver.report)")
        #expect(driver.env.attempts.count == row.attempts)
        #expect(driver.response?.status == row.status)
        #expect(driver.field("x-gateway-attempts") == "\(row.attempts)")
        #expect(driver.field("retry-after") == row.retryAfter)
        #expect(driver.field("x-should-retry") == row.shouldRetry)
        #expect(driver.response?.contentType == "application/json")
        if case .some(let code) = row.code, Int(code) == nil {
            #expect(driver.errorCode == code)
        } else {
            #expect(driver.bodyText == errorBody(row.script), "the upstream's body passes byte for byte")
        }
        #expect(driver.outcome?.record?.state == .failed || driver.intent == nil)
        #expect(driver.outcome?.attempts.count == row.attempts)
        #expect(driver.outcome?.usage == row.usage)
    }

    /// What of a script's body is an error body.
    private func errorBody(_ script: UpstreamScript) -> String {
        guard script.bytes.hasPrefix("data: ") else { return script.bytes }
        return
            "{\"error\":{\"message\":\"big\",\"type\":\"exceed_context_size_error\",\"param\":null,\"code\":\"400\"}}"
    }

    @Test("with one target, 404 and 429 pass with the upstream's own body", arguments: [404, 429])
    func passes(status: Int) {
        let body = "{\"error\":{\"message\":\"mine\"}}"
        let driver = Driver().send().serve { _ in .status(status, body, retryAfter: .seconds(40)) }
        #expect(driver.response?.status == status)
        #expect(driver.bodyText == body)
        #expect(driver.field("retry-after") == (status == 429 ? "40" : nil))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a 429 that passes says how long to wait even where the upstream did not")
    func passesWithWait() {
        let driver = Driver().send().serve { _ in .status(429) }
        #expect(driver.field("retry-after") == "10")
    }

    @Test("a body that repeats the credential never passes")
    func credentialInBody() {
        let body = "{\"error\":{\"message\":\"bad key \(Target.secret)\"}}"
        let driver = Driver().send().serve { _ in .status(400, body) }
        #expect(driver.response?.status == 502)
        #expect(!driver.bodyText.contains(Target.secret))
    }

    @Test(
        "why a target refused the gateway's credential is told to the operator, not to the caller",
        arguments: [401, 403]
    )
    func refusalIsTold(status: Int) {
        let body = "{\"error\":{\"message\":\"Incorrect API key provided\",\"code\":\"invalid_api_key\"}}"
        let driver = Driver().send().serve { _ in .status(status, body) }
        #expect(driver.env.refusals == ["one \(status) invalid_api_key: Incorrect API key provided"])
        #expect(driver.response?.status == 502 && !driver.bodyText.contains("Incorrect"))
        let other = Driver().send().serve { _ in .status(400, body.replacing("invalid_api_key", with: "bad_prompt")) }
        #expect(other.env.refusals.isEmpty, "what else a target says may hold words of the prompt")
    }

    @Test("a body of an earlier attempt is not shown for a later one")
    func staleBody() {
        let driver = Driver().send(Chat.body(stream: true))
        driver.serve { attempt in
            attempt == 1
                ? .status(429, "{\"error\":{\"message\":\"first\"}}", retryAfter: .seconds(1))
                : .stream("data: {\"error\":{\"message\":\"second\",\"code\":429}}\n\n")
        }
        #expect(driver.response?.status == 429)
        #expect(!driver.bodyText.contains("first"))
    }

    @Test("an error body without end is not read on")
    func endlessErrorBody() {
        var setup = Setup()
        setup.limits.maxGateBytes = 100
        let driver = Driver(setup).send().connect().head(401, .json)
        driver.bytes(String(repeating: "x", count: 101))
        #expect(driver.isDone)
        #expect(driver.response?.status == 502)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the next target answers when the first fails")
    func failover() {
        let driver = Driver(.pair).send()
        driver.serve { attempt in attempt == 1 ? .status(401) : .status(200, Chat.answer) }
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText == Chat.answer)
        #expect(driver.field("x-provider") == "two")
        #expect(driver.field("x-gateway-attempts") == "2")
        #expect(driver.outcome?.attempts.map(\.outcome) == ["auth", "ok"])
        #expect(driver.env.reports == [.init(account: "one", kind: .auth), .init(account: "two", kind: nil)])
    }

    @Test("a larger window is asked when the prompt does not fit, past those that are no larger")
    func largerWindow() {
        let targets = [8, 8, 100].enumerated().map { Target.sample("t\($0.offset)", contextWindow: $0.element) }
        let driver = Driver(Setup(targets: targets)).send()
        driver.serve { attempt in attempt == 1 ? .status(400, Self.llamaContextError) : .status(200, Chat.answer) }
        #expect(driver.accounts == ["t0", "t2"])
        #expect(driver.response?.status == 200)
    }

    @Test("a repeated attempt waits for its backoff, and takes from the budget only when it is made")
    func backoff() {
        let driver = Driver()
        driver.env.fixedRandom = .max
        driver.send().connect().head(500, .json).end()
        #expect(driver.legs.count == 1, "the backoff runs")
        #expect(driver.env.retriesTaken == ["one"])
        driver.wait(.milliseconds(240))
        #expect(driver.legs.count == 1)
        driver.wait(.milliseconds(20))
        #expect(driver.legs.count == 2)
        driver.connect().head(500, .json).end()
        #expect(driver.response?.status == 502)
        #expect(driver.env.retriesTaken == ["one"], "the last failure takes nothing from the budget")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("without room in the budget the next target is asked")
    func noBudget() {
        let driver = Driver(.pair)
        driver.env.retryRoom = false
        driver.send().serve { _ in .status(500) }
        #expect(driver.accounts == ["one", "two"])
    }

    @Test("nothing is tried again while the gateway drains")
    func draining() {
        let driver = Driver(.pair).send().connect()
        driver.env.draining = true
        driver.fail()
        #expect(driver.legs.count == 1)
        #expect(driver.response?.status == 502)
    }

    @Test("a connection that was closed while idle is replaced once, and is no attempt")
    func staleConnection() {
        let driver = Driver().send().connect(reused: true).fail(.closed)
        #expect(driver.legs.count == 1)
        #expect(driver.legs[driver.leg]?.isFresh == true)
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200)
        #expect(driver.field("x-gateway-attempts") == "1")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a fresh connection that closes is an attempt")
    func freshConnection() {
        let driver = Driver(.pair).send().connect(reused: false).fail(.closed)
        #expect(driver.env.reports == [.init(account: "one", kind: .reset)])
    }

    @Test("the intent is recorded before the request of each attempt, and ends under the same id")
    func intent() {
        let driver = Driver(.pair).send()
        #expect(driver.intent == nil)
        driver.connect()
        #expect(driver.lastNames.prefix(3) == ["record", "sendUp", "readLeg"])
        #expect(driver.intent?.usage == Usage(inputTokens: 3, outputTokens: 0, estimated: true))
        driver.fail(.framing).connect()
        #expect(driver.lastNames.prefix(3) == ["record", "sendUp", "readLeg"])
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.outcome?.record?.id == driver.intent?.id)
        #expect(driver.outcome?.record?.attempts == 2)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the request goes up with the target's model and without the gateway's own members")
    func request() {
        let driver = Driver().send(Chat.body(extra: ",\"fallbacks\":[],\"temperature\":0.50")).connect()
        let request = driver.legs[driver.leg]?.request
        let text = (request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
        #expect(text.contains("\"model\":\"upstream-model\""))
        #expect(text.contains("\"temperature\":0.50"))
        #expect(!text.contains("fallbacks"))
        #expect(request?.body.length == text.utf8.count)
        #expect(request?.path == "/chat/completions")
    }

    @Test("content that may not leave the device ends where a dialer refuses the target")
    func forbidden() {
        let setup = Setup(targets: [.sample("engine", isLocal: true)], local: .silent)
        let head = ClientHead.chat { $0.gatewayPrivacy = "local_only" }
        let driver = Driver(setup, head: head).send().fail(.forbidden)
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == "local_unavailable")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

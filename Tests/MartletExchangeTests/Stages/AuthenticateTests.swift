import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Authenticate") struct AuthenticateTests {
    private static let admin = AuthAnswer.principal(Principal(key: APIKeyID("a"), scopes: [.inference, .admin]))

    private func begin(_ head: ClientHead, auth: AuthAnswer? = nil, _ setup: Setup = Setup()) -> Driver {
        let driver = Driver(setup, head: head)
        if let auth { driver.env.auth = auth }
        driver.begin()
        #expect(driver.problems.isEmpty, "\(driver.report)")
        return driver
    }

    @Test("reads the key from each header that carries one")
    func headers() {
        let cases: [(ClientHead, [String])] = [
            (.chat { $0.authorization = "Bearer k1" }, ["k1"]),
            (.chat { $0.authorization = "bearer   k1" }, ["k1"]),
            (.chat { ($0.authorization, $0.xAPIKey) = (nil, "k2") }, ["k2"]),
            (.chat { ($0.authorization, $0.apiKey) = (nil, "k3") }, ["k3"]),
            (.chat { ($0.authorization, $0.xAPIKey, $0.apiKey) = ("Bearer k", "k", "k") }, ["k"]),
            (.chat { ($0.authorization, $0.xAPIKey, $0.apiKey) = ("Bearer a", "b", "c") }, ["a", "b", "c"]),
            (.chat { ($0.authorization, $0.xAPIKey) = ("Basic abc", "k") }, ["k"]),
        ]
        for (head, values) in cases {
            let driver = begin(head)
            #expect(driver.env.presented.map(\.values) == [values])
            #expect(driver.wantsClient)
        }
    }

    @Test(
        "without a key, or with an empty one, nothing is looked up",
        arguments: [nil, "", "Bearer", "Bearer ", "Basic x"]
    )
    func none(authorization: String?) {
        let driver = begin(.chat { $0.authorization = authorization })
        #expect(driver.env.presented.isEmpty)
        #expect(driver.response?.status == 401)
        #expect(driver.errorCode == "unauthorized")
        #expect(driver.field("www-authenticate") == "Bearer")
        #expect(driver.response?.closes == true, "the body is not read")
    }

    @Test("unknown and double keys are told the same text as missing ones")
    func refused() {
        let missing = begin(.chat { $0.authorization = nil })
        let unknown = begin(.chat(), auth: .refused)
        #expect(unknown.response?.status == 401)
        #expect(unknown.bodyText == missing.bodyText)
    }

    @Test("a key that must be looked up is waited for")
    func mustAsk() throws {
        let driver = begin(.chat(), auth: .mustAsk)
        let ask = try #require(driver.openAsk?.id)
        #expect(!driver.wantsClient)
        driver.tell(.answer(AskID(ask.rawValue &+ 1), .authenticated(.refused)))
        #expect(driver.last.isEmpty, "the answer to another ask")
        driver.tell(.answer(ask, .authenticated(.principal(.init(key: APIKeyID("k"), scopes: .inference)))))
        #expect(driver.wantsClient)
        driver.tell(.answer(ask, .authenticated(.refused)))
        #expect(driver.last.isEmpty, "an answer that came before")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a look-up that does not answer within five seconds is 503")
    func silentStore() {
        let driver = begin(.chat(), auth: .mustAsk)
        driver.wait(.milliseconds(4_999))
        #expect(driver.response == nil)
        driver.wait(.milliseconds(1))
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == "dependency_unavailable")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a store that cannot be asked is 503, not 401")
    func unavailable() {
        let driver = begin(.chat(), auth: .unavailable)
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == "dependency_unavailable")
        #expect(driver.field("retry-after") == "1")
    }

    @Test("admin needs the admin scope, and says how to get it")
    func adminScope() {
        let plain = begin(.get("/admin/usage") { $0.authorization = "Bearer k" })
        #expect(plain.response?.status == 403)
        #expect(plain.errorCode == "forbidden")
        #expect(plain.bodyText.contains("ADMIN_KEY"))
        let admin = begin(.get("/admin/usage") { $0.authorization = "Bearer k" }, auth: Self.admin)
        admin.tell(.clientEnd)
        #expect(admin.openAsk?.ask.text == "control GET /admin/usage ")
        let metrics = begin(.get("/admin/metrics") { $0.authorization = "Bearer k" })
        #expect(metrics.response?.status == 403)
    }

    @Test("inference needs the inference scope; the admin key may do both")
    func inferenceScope() {
        let onlyAdmin = begin(.chat(), auth: .principal(.init(key: APIKeyID("k"), scopes: .admin)))
        #expect(onlyAdmin.response?.status == 403)
        let adminKey = begin(.chat(), auth: .principal(.init(key: .admin, scopes: .admin)))
        #expect(adminKey.wantsClient)
    }

    @Test("with authentication off anyone may call models, but not administer")
    func off() {
        var setup = Setup()
        setup.auth.enabled = false
        let driver = begin(.chat { $0.authorization = nil }, setup)
        #expect(driver.wantsClient)
        #expect(driver.env.presented.isEmpty)
        #expect(begin(.get("/admin/usage"), setup).response?.status == 401)
        #expect(begin(.get("/v1/models"), setup).response?.status == 200)
    }

    @Test("pages about health need no key; lists of models do", arguments: ["/live", "/ready", "/health", "/status"])
    func pages(path: String) {
        #expect(begin(.get(path)).response?.status == 200)
        #expect(begin(.get("/v1/models")).response?.status == 401)
    }

    @Test("metrics need any key, unless they are public")
    func metrics() throws {
        #expect(begin(.get("/metrics")).response?.status == 401)
        let driver = begin(
            .get("/metrics") { $0.apiKey = "k" },
            auth: .principal(.init(key: APIKeyID("k"), scopes: .admin))
        )
        let ask = try #require(driver.openAsk?.id)
        let page = PageAnswer(status: 200, contentType: "text/plain", body: ByteBuffer(string: "x 1\n"))
        driver.tell(.answer(ask, .page(page)))
        #expect(driver.bodyText == "x 1\n")
        #expect(driver.outcome?.isInference == false)
        var setup = Setup()
        setup.observability.prometheusPublic = true
        #expect(begin(.get("/metrics"), setup).openAsk != nil)
        setup.observability.prometheusEnabled = false
        #expect(begin(.get("/metrics"), setup).response?.status == 404)
    }

    @Test("shows the models, and one model, from memory")
    func models() {
        let head = { (path: String) in ClientHead.get(path) { $0.authorization = "Bearer k" } }
        #expect(begin(head("/v1/models")).bodyText == "{\"id\":\"*\"}")
        #expect(begin(head("/v1/models/gpt-test")).bodyText == "{\"id\":\"gpt-test\"}")
        let unknown = begin(head("/v1/models/a%22b"))
        #expect(unknown.response?.status == 404)
        #expect(unknown.errorCode == "model_not_found")
    }

    @Test(
        "sheds new requests before their body is read",
        arguments: [("draining", "draining"), ("memory", "overloaded"), ("spool", "dependency_unavailable")]
    )
    func sheds(what: String, code: String) {
        let driver = Driver()
        driver.env.draining = what == "draining"
        driver.env.pressure = what == "memory" ? .critical : .high
        driver.env.spoolRoom = what != "spool"
        driver.begin()
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == code)
        #expect(driver.field("retry-after") != nil)
        #expect(driver.field("x-should-retry") == "true")
        #expect(driver.response?.closes == true)
        #expect(begin(.get("/live")).response?.status == 200)
    }

    @Test(
        "accepts JSON, and a default type only with a key and no Origin",
        arguments: [
            ("application/json", true, nil, true), ("application/json; charset=utf-8", true, nil, true),
            ("Application/JSON ;x=y", true, nil, true), ("text/json", true, nil, true),
            ("application/vnd.api+json", true, nil, true), (nil, true, nil, true),
            ("application/x-www-form-urlencoded", true, nil, true), ("application/octet-stream", true, nil, true),
            ("application/octet-stream", true, "https://evil.example", false),
            ("application/x-www-form-urlencoded", true, "https://evil.example", false),
            ("application/x-www-form-urlencoded", false, nil, false), (nil, false, nil, false),
            ("text/plain", true, nil, false), ("multipart/form-data; boundary=x", true, nil, false),
            ("application/jsonx", true, nil, false), ("application/json, text/plain", true, nil, false),
        ] as [(String?, Bool, String?, Bool)]
    )
    func contentTypes(type: String?, hasKey: Bool, origin: String?, isAccepted: Bool) {
        var setup = Setup()
        setup.auth.enabled = hasKey
        let head = ClientHead.chat {
            $0.contentType = type
            $0.origin = origin
            if !hasKey { $0.authorization = nil }
        }
        let driver = begin(head, setup)
        #expect(driver.wantsClient == isAccepted)
        if !isAccepted {
            #expect(driver.response?.status == 415)
            #expect(driver.errorCode == "unsupported_media_type")
            #expect(driver.response?.closes == true)
        }
    }

    @Test("accepts no coded body", arguments: [("gzip", false), ("identity", true), ("Identity", true), ("br", false)])
    func contentEncoding(encoding: String, isAccepted: Bool) {
        let driver = begin(.chat { $0.contentEncoding = encoding })
        #expect(driver.wantsClient == isAccepted)
        if !isAccepted { #expect(driver.response?.status == 415) }
    }

    @Test("refuses an announced length over the limit before reading")
    func announcedLength() {
        #expect(begin(.chat { $0.contentLength = 32 << 20 }).wantsClient)
        let driver = begin(.chat { $0.contentLength = (32 << 20) + 1 })
        #expect(driver.response?.status == 413)
        #expect(driver.errorCode == "request_too_large")
        let admin = ClientHead.get("/admin/keys") { head in
            head.method = .post
            head.authorization = "Bearer k"
            head.contentLength = (1 << 20) + 1
        }
        #expect(begin(admin, auth: Self.admin).response?.status == 413)
    }
}

extension AuthenticateTests {
    private func begin(_ head: ClientHead, _ setup: Setup) -> Driver { begin(head, auth: nil, setup) }
}

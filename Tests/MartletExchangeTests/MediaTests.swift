import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Media by address") struct MediaTests {
    private static let ollama = Target.sample("ollama", model: "tiny", dialect: .ollamaChat, isLocal: true)
    private static let url = "https://example.com/a.png"
    private static let body =
        #"{"model":"gpt-test","messages":[{"role":"user","content":[{"type":"text","text":"What?"},"#
        + #"{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}"#
    private static let data = "data:image/png;base64,iVBORw0KGgo="

    private func setup(_ targets: [Target] = [ollama], isFetched: Bool = true) -> Setup {
        var setup = Setup(targets: targets)
        setup.media.isFetched = isFetched
        setup.media.hosts = ["10.0.0.5"]
        return setup
    }

    @Test("a picture by address is fetched for a target that takes only bytes, and goes up as bytes")
    func fetched() throws {
        let driver = Driver(setup()).send(Self.body)
        #expect(driver.legs.isEmpty)
        guard case .fetchMedia(let request)? = driver.openAsk?.ask else {
            Issue.record("nothing is fetched: \(driver.report)")
            return
        }
        #expect(request.items == [.init(url: Self.url, kind: .image, path: "messages[0].content[1]")])
        #expect(request.allowedHosts == ["10.0.0.5"])
        driver.media(.fetched([Self.url: Self.data])).connect()
        #expect(driver.requestText.contains(#""images":["iVBORw0KGgo="]"#))
        driver.head(200, .json).bytes(
            #"{"model":"tiny","created_at":"2026-11-20T10:00:00Z","message":{"role":"assistant","content":"A cat."},"#
                + #""done":true,"done_reason":"stop","prompt_eval_count":4,"eval_count":2}"#
        ).end()
        #expect(driver.response?.status == 200)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("Vertex AI fetches nothing for Claude, so that a caller of its own format has addresses fetched, too")
    func vertex() {
        let vertex = Target.sample("vertex", model: "claude-sonnet-4-5", dialect: .anthropicVertex)
        func body(_ source: String, _ extra: String = "") -> String {
            #"{"model":"gpt-test","max_tokens":99,"messages":[{"role":"user","content":[{"type":"image","#
                + #""source":\#(source)}]}]\#(extra)}"#
        }
        let driver = Driver(setup([vertex]), head: .messages()).send(body(#"{"type":"url","url":"\#(Self.url)"}"#))
        guard case .fetchMedia(let request)? = driver.openAsk?.ask else {
            Issue.record("nothing is fetched: \(driver.report)")
            return
        }
        #expect(request.items.map(\.url) == [Self.url])
        driver.media(.fetched([Self.url: Self.data])).connect()
        #expect(driver.requestText.contains(#""type":"base64""#) && driver.requestText.contains("iVBORw0KGgo="))
        #expect(!driver.requestText.contains(Self.url) && driver.problems.isEmpty, "\(driver.report)")
        // What has bytes passes as it came, also where a tool has a field of that name.
        let bytes = #"{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}"#
        let tools = #","tools":[{"name":"get","input_schema":{"type":"object","properties":{"url":{}}}}],"x_new":[ 1]"#
        let passed = Driver(setup([vertex]), head: .messages()).send(body(bytes, tools)).connect()
        #expect(passed.asks.isEmpty && passed.requestText.contains(#""x_new":[ 1]"#), "\(passed.report)")
        // Anthropic itself takes them.
        let own = Driver(setup([Messages.claude]), head: .messages())
        own.send(body(#"{"type":"url","url":"\#(Self.url)"}"#)).connect()
        #expect(own.asks.isEmpty && own.requestText.contains(Self.url))
    }

    @Test("without leave nothing is fetched, and the error names the key and the place")
    func off() {
        let driver = Driver(setup(isFetched: false)).send(Self.body)
        #expect(driver.response?.status == 400 && driver.errorCode == "url_not_allowed")
        #expect(driver.bodyText.contains("gateway.fetch_media"))
        #expect(driver.bodyText.contains(#""param":"messages[0].content[1]""#))
        #expect(driver.asks.isEmpty && driver.problems.isEmpty, "\(driver.report)")
        let next = Driver(setup([Self.ollama, .sample("two")], isFetched: false)).send(Self.body).connect()
        #expect(next.accounts == ["two"] && next.requestText.contains(Self.url))
    }

    @Test("objects in a cloud's storage, which the account's own rights would read, pass only where that is allowed")
    func storage() {
        for (dialect, url) in [(Dialect.bedrockConverse, "s3://b/a.png"), (.gemini, "GS://b/a.png")] {
            let body = Self.body.replacing(Self.url, with: url)
            let closed = Target.sample("cloud", dialect: dialect)
            let driver = Driver(setup([closed])).send(body)
            #expect(driver.response?.status == 400 && driver.errorCode == "url_not_allowed")
            #expect(driver.bodyText.contains(#""param":"messages[0].content[1]""#))
            #expect(driver.asks.isEmpty && driver.legs.isEmpty, "\(driver.report)")
            var quirks = Quirks()
            quirks.readsStorage = true
            let open = Target.sample("open", dialect: dialect, quirks: quirks)
            let next = Driver(setup([closed, open])).send(body).connect()
            #expect(next.accounts == ["open"] && next.requestText.contains(url), "\(next.report)")
        }
    }

    @Test("for a request that may not leave the device nothing is fetched")
    func localOnly() {
        let driver = Driver(setup())
        driver.exchange.privacy = .localOnly
        driver.send(Self.body)
        #expect(driver.response?.status == 400 && driver.errorCode == "url_not_allowed")
        #expect(driver.bodyText.contains("may not leave this device"))
        #expect(driver.asks.isEmpty && driver.legs.isEmpty && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("what may not be fetched is the caller's error, unless another target takes the address")
    func refused() {
        let error = GatewayError(.urlNotAllowed, "This address is not a public one.", param: "messages[0].content[1]")
        let driver = Driver(setup()).send(Self.body).media(.failed(error))
        #expect(driver.response?.status == 400 && driver.errorCode == "url_not_allowed")
        #expect(driver.problems.isEmpty, "\(driver.report)")
        let next = Driver(setup([Self.ollama, .sample("two")])).send(Self.body).media(.failed(error)).connect()
        #expect(next.accounts == ["two"] && next.requestText.contains(Self.url))
    }

    @Test("a large picture counts as held until the end, and is written elsewhere")
    func large() {
        let data = "data:image/png;base64," + String(repeating: "AAAA", count: 100_000)
        let driver = Driver(setup()).send(Self.body).media(.fetched([Self.url: data]))
        #expect(driver.env.heldBytes > 400_000)
        #expect(driver.openAsk?.ask.text == "compute")
        driver.compute().connect()
        #expect(driver.requestText.utf8.count > 400_000)
        driver.tell(.clientGone)
        #expect(driver.env.heldBytes == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a client that goes while something is fetched ends everything; what comes later is nobody's")
    func gone() throws {
        let driver = Driver(setup()).send(Self.body)
        let open = try #require(driver.openAsk)
        driver.tell(.clientGone).tell(.answer(open.id, .media(.fetched([Self.url: Self.data]))))
        #expect(driver.last.isEmpty && driver.legs.isEmpty)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("pictures as data, and targets that take addresses, need nothing")
    func nothing() {
        let data = Self.body.replacing(Self.url, with: Self.data)
        #expect(Driver(setup(isFetched: false)).send(data).legs.count == 1)
        let claude = Target.sample("claude", model: "claude-sonnet-4-5", dialect: .anthropicMessages)
        let driver = Driver(setup([claude], isFetched: false)).send(Self.body).connect()
        #expect(driver.requestText.contains(Self.url))
    }
}

import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Embeddings") struct EmbeddingsTests {
    private static let ollama = Target.sample("ollama", model: "tiny", dialect: .ollamaChat, isLocal: true)
    private static let claude = Target.sample("claude", model: "claude", dialect: .anthropicMessages)

    private func driver(_ targets: [Target], path: String = "/v1/embeddings") -> Driver {
        Driver(Setup(targets: targets), head: .chat { $0.path = path })
    }

    private func body(_ driver: Driver) -> String {
        (driver.legs[driver.leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
    }

    private func request(_ input: String, _ more: String = "") -> String {
        "{\"model\":\"gpt-test\",\"input\":\(input)\(more)}"
    }

    private func answer(_ vectors: [String], tokens: Int) -> String {
        let data = vectors.enumerated().map { index, vector in
            "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":\(vector)}"
        }.joined(separator: ",")
        return "{\"object\":\"list\",\"data\":[\(data)],\"model\":\"m\",\"usage\":{\"prompt_tokens\":\(tokens),"
            + "\"total_tokens\":\(tokens)}}"
    }

    @Test("the caller's bytes reach a target of the same form, and its answer comes back as it came")
    func passes() {
        let driver = driver([.sample("one")]).send(
            "{ \"input\":[ \"\\u0068i\"],\"model\" : \"gpt-test\",\"later\":1e2}"
        )
        driver.connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/embeddings")
        #expect(body(driver) == "{ \"input\":[ \"\\u0068i\"],\"model\" : \"upstream-model\",\"later\":1e2}")
        let answer = answer(["[0.5, -1]"], tokens: 3)
        driver.head(200, .json).bytes(answer).end()
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText == answer)
        #expect(driver.outcome?.usage == Usage(inputTokens: 3, outputTokens: 0))
        #expect(driver.outcome?.cost == NanoUSD(3_000))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target of another form is asked in its words, and vectors come in the form that was asked for")
    func translated() {
        let driver = driver([Self.ollama])
        driver.send(request("[\"a\",\"b\"]", ",\"encoding_format\":\"base64\",\"user\":\"u\"")).connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/api/embed")
        #expect(body(driver).contains("\"input\":[\"a\",\"b\"]") && body(driver).contains("\"model\":\"tiny\""))
        driver.head(200, .json).bytes("{\"model\":\"tiny\",\"embeddings\":[[1],[-2]],\"prompt_eval_count\":2}").end()
        #expect(driver.bodyText.contains("\"embedding\":\"AACAPw==\""))
        #expect(driver.bodyText.contains("\"embedding\":\"AAAAwA==\""))
        #expect(driver.bodyText.contains("\"model\":\"gpt-test\""))
        #expect(driver.field("x-gateway-dropped") == "user")
        #expect(driver.outcome?.usage == Usage(inputTokens: 2, outputTokens: 0))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target that ignores the asked form is put right")
    func stubborn() {
        let driver = driver([.sample("one")]).send(request("\"a\"", ",\"encoding_format\":\"base64\"")).connect()
        driver.head(200, .json).bytes(answer(["[1]"], tokens: 1)).end()
        #expect(driver.bodyText.contains("\"embedding\":\"AACAPw==\""))
    }

    @Test(
        "Ollama's routes reach targets of OpenAI's form, and get their own shapes",
        arguments: ["embed", "embeddings"]
    )
    func fromOllama(route: String) {
        let driver = driver([.sample("one")], path: "/api/\(route)")
        driver.send("{\"model\":\"gpt-test:latest\",\"\(route == "embed" ? "input" : "prompt")\":\"a\"}").connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/embeddings")
        #expect(body(driver).contains("\"input\":\"a\"") && body(driver).contains("\"model\":\"upstream-model\""))
        driver.head(200, .json).bytes(answer(["[0.5]"], tokens: 1)).end()
        #expect(driver.bodyText.contains(route == "embed" ? "\"embeddings\":[[0.5]]" : "\"embedding\":[0.5]"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    /// 2,049 inputs, which are one more than a call takes.
    private static let many = "[" + (0...2_048).map { "\"t\($0)\"" }.joined(separator: ",") + "]"

    private func first(_ driver: Driver) {
        driver.connect().head(200, .json).bytes(answer(Array(repeating: "[1]", count: 2_048), tokens: 4_000)).end()
    }

    @Test("more inputs than a call takes become calls one after the other, and one answer in their order")
    func split() {
        let driver = driver([.sample("one"), .sample("two")]).send(request(Self.many))
        first(driver)
        #expect(driver.response == nil, "one vector is missing")
        driver.connect()
        #expect(body(driver) == "{\"model\":\"upstream-model\",\"input\":[\"t2048\"]}")
        driver.head(200, .json).bytes(answer(["[2]"], tokens: 5)).end()
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText.contains("\"index\":2047,\"embedding\":[1]"))
        #expect(driver.bodyText.contains("\"index\":2048,\"embedding\":[2]"))
        #expect(driver.bodyText.contains("\"prompt_tokens\":4005"))
        #expect(driver.outcome?.usage == Usage(inputTokens: 4_005, outputTokens: 0))
        #expect(driver.outcome?.attempts.map(\.outcome) == ["ok", "ok"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "calls after the first stay on the target that answered; what the first cost is counted though a later one fails"
    )
    func staysOnTarget() {
        let driver = driver([.sample("one"), .sample("two")]).send(request(Self.many))
        first(driver)
        driver.connect().head(400, .json).bytes("{\"error\":{\"message\":\"no\"}}").end()
        #expect(driver.accounts == ["one", "one"])
        #expect(driver.response?.status == 400)
        #expect(driver.outcome?.usage == Usage(inputTokens: 4_000, outputTokens: 0))
        #expect(driver.outcome?.record?.state == .failed)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the first call may be answered by the second target, and a broken later call is tried there again")
    func failover() {
        let driver = driver([.sample("one"), Self.ollama]).send(request(Self.many))
        driver.connect().head(401, .json).bytes("{}").end()
        #expect(driver.accounts == ["one", "ollama"])
        let vectors = Array(repeating: "[1]", count: 2_048).joined(separator: ",")
        driver.connect().head(200, .json).bytes("{\"embeddings\":[\(vectors)],\"prompt_eval_count\":9}").end()
        driver.connect().fail()
        for _ in 0..<5 where driver.legs.count < 4 { driver.fireTimer() }
        driver.connect().head(200, .json).bytes("{\"embeddings\":[[2]],\"prompt_eval_count\":1}").end()
        #expect(driver.accounts == ["one", "ollama", "ollama", "ollama"])
        #expect(driver.response?.status == 200)
        #expect(driver.outcome?.usage == Usage(inputTokens: 10, outputTokens: 0))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a client that leaves between two calls pays for the first")
    func clientGone() {
        let driver = driver([.sample("one")]).send(request(Self.many))
        first(driver)
        driver.tell(.clientGone)
        #expect(driver.outcome?.record?.state == .cancelled)
        #expect(driver.outcome?.usage.map(\.inputTokens) == 4_000)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("token ids do not go to a target that takes only texts, and nothing to one without embeddings")
    func refused() {
        let tokens = driver([Self.ollama]).send(request("[1,2]"))
        #expect(tokens.response?.status == 400 && tokens.errorCode == "unsupported_parameter")
        let none = driver([Self.claude]).send(request("\"a\""))
        #expect(none.response?.status == 400)
        #expect(none.bodyText.contains("`claude` of this model has no embeddings"))
        let other = driver([Self.claude, .sample("two")]).send(request("\"a\""))
        #expect(other.accounts == ["two"])
        for driver in [tokens, none] { #expect(driver.problems.isEmpty, "\(driver.report)") }
    }

    @Test("what a target says about a failure is told in the caller's shape")
    func failure() {
        let driver = driver([Self.ollama]).send(request("\"a\"")).connect().head(400, .json)
        driver.bytes("{\"error\":\"makes no vectors\"}").end()
        #expect(driver.response?.status == 400)
        #expect(driver.bodyText.contains("\"message\":\"makes no vectors\""))
    }

    @Test("an answer with another number of vectors is none, and the next target is asked")
    func miscounted() {
        let driver = driver([.sample("one"), .sample("two")]).send(request("[\"a\",\"b\"]")).connect()
        driver.head(200, .json).bytes(answer(["[1]"], tokens: 1)).end()
        driver.wait(.seconds(5))
        #expect(driver.response == nil)
        #expect(driver.legs.count > 1)
    }

    @Test("a request of Ollama's without input is answered without a model")
    func load() {
        let driver = driver([Self.ollama], path: "/api/embed").send("{\"model\":\"gpt-test\"}")
        #expect(driver.legs.isEmpty)
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText == "{\"model\":\"gpt-test\",\"embeddings\":[]}")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the built-in model gives the same vector to the same text, of the asked length")
    func mock() {
        func ask(_ more: String) -> Driver {
            driver([.mock]).send("{\"model\":\"mock\",\"input\":[\"a\",\"a\",\"b\"]\(more)}")
        }
        let plain = ask("")
        #expect(plain.response?.status == 200)
        #expect(plain.bodyText == ask("").bodyText)
        #expect(plain.outcome?.record?.state == .settled)
        #expect(plain.problems.isEmpty, "\(plain.report)")
        let vectors = plain.bodyText.split(separator: "\"embedding\":[").dropFirst().map { $0.prefix { $0 != "]" } }
        #expect(vectors.count == 3 && vectors[0] == vectors[1] && vectors[0] != vectors[2])
        #expect(vectors[0].split(separator: ",").count == 8)
        let short = ask(",\"dimensions\":3").bodyText.split(separator: "\"embedding\":[")[1].prefix { $0 != "]" }
        #expect(short.split(separator: ",").count == 3)
        #expect(ask(",\"dimensions\":100000").response?.status == 400)
    }
}

import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import Testing

@Suite("Settle") struct SettleTests {
    @Test("a record tells who, what, where, how long and how it ended")
    func record() throws {
        let head = ClientHead.chat { $0.requestID = "mine-1" }
        let driver = Driver(.pair, head: head).send(Chat.body(stream: true))
        driver.env.now += .milliseconds(40)
        driver.connect().head(401, .json).end()
        driver.env.now += .milliseconds(10)
        driver.stream(Chat.stream)
        let record = try #require(driver.outcome?.record)
        #expect(record.id == driver.recordID)
        #expect(record.state == .settled)
        #expect(record.receivedAt == 1_795_000_000_000)
        #expect(record.recordedAt == 1_795_000_000_050)
        #expect(record.key.rawValue == "abcdefghijkl")
        #expect(record.model == "gpt-test")
        #expect(record.provider == "two")
        #expect(record.upstreamModel == "upstream-model")
        #expect(record.attempts == 2)
        #expect(record.status == 200)
        #expect(record.streamed)
        #expect(record.usage == Usage(inputTokens: 7, outputTokens: 2))
        #expect(record.cost == NanoUSD(11_000))
        #expect(record.durationMilliseconds == 50)
        #expect(record.clientRequestID == "mine-1")
        #expect(record.errorCode == nil)
        #expect(
            try record.story == [
                "0 planned targets=2 reason=named",
                "0 attempt target=0 number=1 provider=one model_name=upstream-model",
                "40 sent reused=0 target=0 provider=one model_name=upstream-model",
                "40 failed kind=auth status=401 target=0 provider=one model_name=upstream-model",
                "40 attempt target=1 number=2 provider=two model_name=upstream-model",
                "50 sent reused=0 target=1 provider=two model_name=upstream-model",
                "50 committed target=1 status=200 provider=two model_name=upstream-model",
            ]
        )
        #expect(driver.outcome?.route?.route == "cloud")
        #expect(driver.outcome?.route?.reason == .named)
        #expect(driver.outcome?.provider == "two")
    }

    @Test("a failure keeps its trace, and the code that was shown")
    func failure() throws {
        let driver = Driver().send().serve { _ in .status(500) }
        let record = try #require(driver.outcome?.record)
        #expect(record.state == .failed)
        #expect(record.errorCode == "provider_error")
        #expect(record.status == 502)
        let codes = try record.readTrace.entries.map(\.name)
        #expect(
            codes == ["planned", "attempt", "sent", "failed", "retry", "attempt", "sent", "failed"]
        )
    }

    @Test("a request that no target was reached for has its ending, with what was tried")
    func unreached() throws {
        let driver = Driver(.pair).send()
        for _ in 0..<20 where !driver.isDone { driver.fail() }
        #expect(driver.intent == nil)
        let record = try #require(driver.outcome?.record)
        #expect(record.state == .failed && record.status == 502 && record.attempts > 1)
        #expect(record.usage == Usage(inputTokens: 0, outputTokens: 0) && record.cost == NanoUSD(0))
        #expect(try record.story.contains { $0.contains(" failed kind=connect target=") })
    }

    @Test("an intent tells what came before it, if that is more than one attempt")
    func intent() throws {
        let driver = Driver(.pair).send()
        for _ in 0..<20 where driver.legs.values.allSatisfy({ $0.target.account.rawValue == "one" }) { driver.fail() }
        driver.connect()
        let record = try #require(driver.intent)
        #expect(try record.readTrace.entries.map(\.name).suffix(2) == ["attempt", "sent"])
        #expect(Driver().send().connect().intent?.trace == [])
    }

    @Test("a client's own record id is never taken")
    func ownID() {
        let id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        let driver = Driver(head: .chat { $0.requestID = id })
        #expect(driver.recordID != RecordID(id))
        #expect(driver.requestID == .client(id))
    }

    @Test("a target without a price costs nothing that is known")
    func unpriced() {
        let plain = Target.sample("one")
        let target = Target(
            id: plain.id,
            account: plain.account,
            kind: plain.kind,
            dialect: .openAIChat,
            upstreamModel: "m",
            endpoint: plain.endpoint,
            source: .custom,
            isLocal: false
        )
        let driver = Driver(Setup(targets: [target])).send().serve { _ in .status(200, Chat.answer) }
        #expect(driver.outcome?.record?.cost == nil)
        #expect(driver.field("x-model-source") == "custom")
    }

    /// An answer with these members in its usage, beside 100 input and 10 output tokens.
    private static func answer(_ members: String) -> String {
        """
        {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",\
        "content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":10,\
        "total_tokens":110\(members)}}
        """
    }

    private static let cached = PriceTable(
        input: TokenPrice(picoUSD: 1_000_000),
        output: TokenPrice(picoUSD: 2_000_000),
        cacheRead: TokenPrice(picoUSD: 100_000),
        cacheWrite: TokenPrice(picoUSD: 1_250_000)
    )

    @Test("an answer that used the prompt cache says in its trace what that saved")
    func cacheSavings() throws {
        let driver = Driver(Setup(targets: [.sample("one", price: Self.cached)])).send().serve { _ in
            .status(200, Self.answer(#","prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":20}"#))
        }
        let record = try #require(driver.outcome?.record)
        #expect(record.cost == NanoUSD(20 * 1_000 + 60 * 100 + 20 * 1_250 + 10 * 2_000))
        // 60 × 0.9 − 20 × 0.25 micro-dollars.
        #expect(try record.story.last == "0 prompt_cache read=60 written=20 saved_micro_usd=49")
    }

    @Test(
        "what a provider says it cost is charged where its type gives its word, and compared with the price list",
        arguments: [
            (#","cost":0.00015"#, 150_000), (#","cost_in_usd_ticks":1500000"#, 150_000),
            (#","cost":1e-4,"is_byok":true,"cost_details":{"upstream_inference_cost":5e-5}"#, 150_000),
        ]
    )
    func reportedCost(members: String, nano: Int64) throws {
        var quirks = Quirks()
        quirks.reportsCost = true
        let trusted = Driver(Setup(targets: [.sample("one", quirks: quirks)])).send().serve { _ in
            .status(200, Self.answer(members))
        }
        let record = try #require(trusted.outcome?.record)
        #expect(record.cost == NanoUSD(nano) && record.usage.reportedCost == NanoUSD(nano))
        #expect(record.listedCost == NanoUSD(100 * 1_000 + 10 * 2_000))
        #expect(try record.story.last == "0 reported_cost micro_usd=150 listed=120")
        #expect(trusted.field("x-gateway-cost-usd") == "0.00015")
        let other = Driver(Setup(targets: [.sample("one")])).send().serve { _ in .status(200, Self.answer(members)) }
        #expect(other.outcome?.record?.cost == NanoUSD(120_000))
        // What is not charged is not reported either.
        #expect(other.outcome?.record?.usage.reportedCost == nil && other.outcome?.record?.listedCost == nil)
    }

    @Test("no part of a count is recorded larger than the total")
    func parts() throws {
        let members =
            #","prompt_tokens_details":{"cached_tokens":500},"completion_tokens_details":{"reasoning_tokens":90}"#
        let driver = Driver().send().serve { _ in .status(200, Self.answer(members)) }
        let usage = try #require(driver.outcome?.record?.usage)
        #expect(usage == Usage(inputTokens: 100, outputTokens: 10, cacheReadTokens: 100, reasoningTokens: 10))
        // Where the total says that reasoning stands beside the completion, it is part of the output.
        let beside = Driver().send().serve { _ in
            .status(200, Self.answer(members).replacing(#""total_tokens":110"#, with: #""total_tokens":200"#))
        }
        #expect(beside.outcome?.record?.usage.outputTokens == 100)
        #expect(beside.outcome?.record?.usage.reasoningTokens == 90)
    }

    @Test("a provider's word gives a cost where the price list has none")
    func reportedCostUnpriced() throws {
        var quirks = Quirks()
        quirks.reportsCost = true
        let driver = Driver(Setup(targets: [.sample("one", quirks: quirks, price: nil)])).send().serve { _ in
            .status(200, Self.answer(#","cost":0.000007"#))
        }
        let record = try #require(driver.outcome?.record)
        #expect(record.cost == NanoUSD(7_000) && record.listedCost == nil)
    }

    @Test("a cost that cannot be is not believed", arguments: ["-1", "1e300", "\"1\"", "null", "1000001"])
    func strangeCost(text: String) throws {
        var quirks = Quirks()
        quirks.reportsCost = true
        let driver = Driver(Setup(targets: [.sample("one", quirks: quirks)])).send().serve { _ in
            .status(200, Self.answer(",\"cost\":\(text)"))
        }
        #expect(driver.outcome?.record?.usage.reportedCost == nil)
        #expect(driver.outcome?.record?.cost == NanoUSD(120_000))
    }

    @Test("sound and pictures are counted apart")
    func media() throws {
        let driver = Driver().send().serve { _ in
            .status(
                200,
                Self.answer(
                    #","prompt_tokens_details":{"audio_tokens":40,"image_tokens":5},"#
                        + #""completion_tokens_details":{"audio_tokens":3,"reasoning_tokens":2}"#
                )
            )
        }
        let usage = try #require(driver.outcome?.record?.usage)
        #expect([usage.audioInputTokens, usage.imageInputTokens, usage.audioOutputTokens] == [40, 5, 3])
        #expect(UsageParts(usage).freshInput == 55 && UsageParts(usage).output == 5)
    }

    @Test("the time after an upstream's end is counted from the attempt that gave the answer")
    func overhead() {
        let driver = Driver(.pair).send().connect().head(401, .json).end()
        driver.env.now += .seconds(7)
        driver.connect().tell(.clientGone)
        #expect(driver.outcome?.overhead.relay == nil)
    }
}

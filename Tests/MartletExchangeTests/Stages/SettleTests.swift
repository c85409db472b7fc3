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
        #expect(record.id == driver.exchange.id)
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
        #expect(record.trace.isEmpty)
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
        let trace = String(decoding: record.trace, as: UTF8.self)
        #expect(trace == "planned 1 0 0;attempt 0 1 0;failed 4 500 0;retry 0 0 0;attempt 0 2 0;failed 4 500 0;")
    }

    @Test("a client's own record id is never taken")
    func ownID() {
        let id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        let driver = Driver(head: .chat { $0.requestID = id })
        #expect(driver.exchange.id != RecordID(id))
        #expect(driver.exchange.requestID == .client(id))
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

    @Test("the time after an upstream's end is counted from the attempt that gave the answer")
    func overhead() {
        let driver = Driver(.pair).send().connect().head(401, .json).end()
        driver.env.now += .seconds(7)
        driver.connect().tell(.clientGone)
        #expect(driver.outcome?.overhead.relay == nil)
    }
}

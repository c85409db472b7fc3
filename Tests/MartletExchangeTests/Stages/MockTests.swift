import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import Testing

@Suite("Built-in model") struct MockTests {
    private static let text = "Mock answer from Martlet: no model was called. You said: hello there"

    @Test("answers whole, recorded and free, without a call")
    func whole() {
        let driver = Driver().send(Chat.body(model: "mock"))
        #expect(driver.legs.isEmpty)
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText.contains(Self.text))
        #expect(driver.outcome?.usage == Usage(inputTokens: 3, outputTokens: 17, estimated: true))
        #expect(driver.outcome?.cost == .zero)
        #expect(driver.intent != nil)
        #expect(driver.field("x-model-source") == "local")
        #expect(driver.outcome?.attempts.map(\.outcome) == ["ok"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("streams one word an event, with usage only for who asks", arguments: [false, true])
    func stream(wantsUsage: Bool) {
        let extra = wantsUsage ? ",\"stream_options\":{\"include_usage\":true}" : ""
        let driver = Driver().send(Chat.body(stream: true, model: "mock", extra: extra))
        #expect(driver.bodyText.contains("\"finish_reason\":\"stop\""))
        #expect(driver.bodyText.contains("\"completion_tokens\":17") == wantsUsage)
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("refuses what it cannot decode as the caller's mistake, without a record")
    func undecodable() {
        let body = "{\"model\":\"mock\",\"messages\":[{\"role\":7,\"content\":\"x\"}]}"
        let driver = Driver().send(body)
        #expect(driver.response?.status == 400)
        #expect(driver.outcome?.attempts.map(\.outcome) == ["client_error"])
        #expect(driver.outcome?.record == nil)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

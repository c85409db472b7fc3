import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Structured output on its way") struct StructuredOutputTests {
    /// A model that is older than the format's own schemas.
    private static let claude = Target.sample("claude", model: "claude-3-haiku", dialect: .anthropicMessages)
    private static let plain = Target.sample("plain", capabilities: ModelCapabilities(jsonSchema: false, tools: true))
    private static let schema =
        #","response_format":{"type":"json_schema","json_schema":{"name":"place","strict":true,"schema":"#
        + #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}"#

    private func call(_ input: String, usage: String = #""input_tokens":10,"output_tokens":5"#) -> String {
        #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"t1","#
            + #""name":"place","input":\#(input)}],"stop_reason":"tool_use","usage":{\#(usage)}}"#
    }

    private func claude(_ extra: String = "") -> Driver {
        Driver(Setup(targets: [Self.claude])).send(Chat.body(extra: Self.schema + extra)).connect()
    }

    @Test("a model without schemas is made to call a tool, and its call is the answer")
    func forcedTool() {
        let driver = claude()
        #expect(driver.requestText.contains(#""tool_choice":{"type":"tool","name":"place""#))
        #expect(!driver.requestText.contains("output_config"))
        driver.head(200, .json).bytes(call(#"{"city":"Rome"}"#)).end()
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText.contains(#""content":"{\"city\":\"Rome\"}""#))
        #expect(driver.bodyText.contains(#""finish_reason":"stop""#) && !driver.bodyText.contains("tool_calls"))
        #expect(driver.outcome?.usage == Usage(inputTokens: 10, outputTokens: 5))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an answer of the wrong shape is asked for once more; both are counted and paid, and told together")
    func repair() {
        let driver = claude().head(200, .json).bytes(call(#"{"town":"Rome"}"#)).end()
        #expect(driver.response == nil)
        #expect(driver.accounts == ["claude", "claude"])
        driver.connect()
        #expect(driver.requestText.contains("tool_result") && driver.requestText.contains("town"))
        driver.head(200, .json).bytes(call(#"{"city":"Rome"}"#, usage: #""input_tokens":20,"output_tokens":7"#)).end()
        #expect(driver.response?.status == 200)
        #expect(driver.bodyText.contains(#"{\"city\":\"Rome\"}"#))
        #expect(driver.bodyText.contains(#""prompt_tokens":30"#))
        #expect(driver.outcome?.usage == Usage(inputTokens: 30, outputTokens: 12))
        #expect(driver.outcome?.record?.usage == driver.outcome?.usage)
        // A micro-dollar for an input token, two for an output token.
        #expect(driver.outcome?.cost == NanoUSD(30 * 1_000 + 12 * 2_000))
        #expect(driver.field("x-gateway-cost-usd") == "0.000054")
        #expect(driver.outcome?.attempts.map(\.outcome) == ["ok", "ok"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a second answer of the wrong shape is an error that names the field, and is counted")
    func fails() {
        let driver = claude().head(200, .json).bytes(call(#"{"town":"Rome"}"#)).end().connect()
        driver.head(200, .json).bytes(call("{}")).end()
        #expect(driver.response?.status == 502 && driver.errorCode == "provider_error")
        #expect(driver.bodyText.contains(#""param":"response_format""#))
        #expect(driver.outcome?.usage == Usage(inputTokens: 20, outputTokens: 10))
        #expect(driver.outcome?.cost == NanoUSD(20 * 1_000 + 10 * 2_000))
        #expect(driver.outcome?.record?.state == .failed)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("what the first answer used is counted when the second request fails, and the next target begins anew")
    func failover() {
        let driver = Driver(Setup(targets: [Self.claude, .sample("two")])).send(Chat.body(extra: Self.schema)).connect()
        driver.head(200, .json).bytes(call(#"{"town":"Rome"}"#)).end().connect()
        driver.head(400, .json).bytes(#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#)
            .end()
        #expect(driver.response?.status == 400)
        #expect(driver.outcome?.usage == Usage(inputTokens: 10, outputTokens: 5))
        let other = Driver(Setup(targets: [Self.claude, .sample("two")])).send(Chat.body(extra: Self.schema)).connect()
        other.head(200, .json).bytes(call(#"{"town":"Rome"}"#)).end().fail(.connect)
        while other.accounts.last == "claude", !other.isDone { other.fail(.connect).wait(.seconds(2)) }
        other.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(other.bodyText == Chat.answer)
        #expect(other.outcome?.usage == Usage(inputTokens: 17, outputTokens: 7))
        #expect(other.problems.isEmpty, "\(other.report)")
    }

    @Test("a slot of the target is kept for the second request and given back once")
    func slot() {
        let target = Target.sample("claude", model: "claude-3-haiku", dialect: .anthropicMessages, maxConcurrency: 1)
        let driver = Driver(Setup(targets: [target])).send(Chat.body(extra: Self.schema)).connect()
        driver.head(200, .json).bytes(call(#"{"town":"Rome"}"#)).end().connect()
        driver.head(200, .json).bytes(call(#"{"city":"Rome"}"#)).end()
        #expect(driver.response?.status == 200)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a client that goes between the two answers ends everything")
    func gone() {
        let driver = claude().head(200, .json).bytes(call(#"{"town":"Rome"}"#)).end().tell(.clientGone)
        #expect(driver.outcome?.record?.state == .cancelled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the text of a streamed answer is what the tool was called with")
    func stream() {
        func event(_ name: String, _ members: String) -> String {
            "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
        }
        let driver = Driver(Setup(targets: [Self.claude])).send(Chat.body(stream: true, extra: Self.schema))
        driver.stream(
            event(
                "message_start",
                #""message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"#
                    + #""usage":{"input_tokens":9,"output_tokens":1}}"#
            )
                + event(
                    "content_block_start",
                    #""index":0,"content_block":{"type":"tool_use","id":"t","name":"place","input":{}}"#
                )
        )
        for piece in [#"{\"city\":"#, #"\"Rome\"}"#] {
            driver.bytes(
                event(
                    "content_block_delta",
                    #""index":0,"delta":{"type":"input_json_delta","partial_json":"\#(piece)"}"#
                )
            )
        }
        driver.bytes(
            event("content_block_stop", #""index":0"#)
                + event("message_delta", #""delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}"#)
                + event("message_stop", "")
        )
        #expect(driver.bodyText.contains(#""content":"{\"city\":""#))
        #expect(driver.bodyText.contains(#""content":"\"Rome\"}""#))
        #expect(driver.bodyText.contains(#""finish_reason":"stop""#) && !driver.bodyText.contains("tool_calls"))
        #expect(driver.bodyText.hasSuffix("data: [DONE]\n\n"))
        #expect(driver.field("x-gateway-dropped")?.contains("response_format.json_schema.strict") == true)
        #expect(driver.outcome?.usage == Usage(inputTokens: 9, outputTokens: 5))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target of the caller's dialect is helped only where it is known to know no schemas")
    func sameDialect() {
        let known = Driver(Setup(targets: [Self.plain])).send(Chat.body(extra: Self.schema)).connect()
        #expect(known.requestText.contains(#""tool_choice":{"type":"function""#))
        #expect(!known.requestText.contains("json_schema"))
        known.head(200, .json).bytes(
            #"{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","#
                + #""content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"place","#
                + #""arguments":"{\"city\":\"Rome\"}"}}]},"finish_reason":"tool_calls"}]}"#
        ).end()
        #expect(known.bodyText.contains(#""content":"{\"city\":\"Rome\"}""#))
        #expect(known.problems.isEmpty, "\(known.report)")
        for extra in ["", #","response_format":{"type":"text"}"#] {
            let other = Driver(Setup(targets: [Self.plain])).send(Chat.body(extra: extra)).connect()
            #expect(other.requestText.contains(Chat.body(extra: extra).dropFirst(20)))
        }
        let unknown = Driver(Setup()).send(Chat.body(extra: Self.schema)).connect()
        #expect(unknown.requestText.contains("json_schema"))
    }

    @Test("a schema that is none is the caller's error in the caller's words")
    func broken() {
        let format = #","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"thing"}}}"#
        let driver = Driver(Setup(targets: [Self.claude])).send(Chat.body(extra: format))
        #expect(driver.response?.status == 400 && driver.errorCode == "invalid_value")
        #expect(driver.legs.isEmpty && driver.problems.isEmpty, "\(driver.report)")
    }
}

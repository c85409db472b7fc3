import MartletCore
import MartletDialects
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Reasoning that a server wants back as a list") struct ReasoningDetailsTests {
    private static let list =
        #"[{"type":"reasoning.text","text":"Look it up.","signature":"c2ln","format":"anthropic-claude-v1","index":0},"#
        + #"{"type":"reasoning.encrypted","data":"ZW5j","id":"rs_1","index":1}]"#
    private static let call =
        #"[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]"#
    private static let answer =
        #"{"id":"gen-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"reasoning":"Look it up.","#
        + #""reasoning_details":\#(list),"tool_calls":\#(call)},"finish_reason":"tool_calls"}],"#
        + #""usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#
    /// The same answer in pieces; the texts of one index are one text.
    private static let stream =
        [
            #""delta":{"role":"assistant","content":"","reasoning":"Look ","reasoning_details":[{"type":"reasoning.text","#
                + #""text":"Look ","format":"anthropic-claude-v1","index":0}]},"finish_reason":null"#,
            #""delta":{"reasoning":"it up.","reasoning_details":[{"type":"reasoning.text","text":"it up.","index":0}]}"#,
            #""delta":{"reasoning_details":[{"type":"reasoning.text","signature":"c2ln","index":0}]}"#,
            #""delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"ZW5j","id":"rs_1","index":1}],"#
                + #""tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            #""delta":{},"finish_reason":"tool_calls""#,
        ].map(Chat.event).joined() + Chat.usage + Chat.done

    private func target(_ account: String = "router", keeps: Bool = true) -> Target {
        var quirks = Quirks()
        quirks.chat = ChatQuirks()
        quirks.chat?.history = .reasoning
        quirks.chat?.returnsReasoningDetails = keeps
        return .sample(account, quirks: quirks)
    }

    /// The blocks of a message as a client of Anthropic's sends them back.
    private func blocks(stream: Bool) -> String {
        let driver = Driver(Setup(targets: [target()]), head: .messages()).send(Messages.body(stream: stream)).connect()
        if stream {
            driver.head(200, .eventStream).bytes(Self.stream)
        } else {
            driver.head(200, .json).bytes(Self.answer).end()
        }
        #expect(driver.problems.isEmpty, "\(driver.report)")
        let text = driver.bodyText
        guard let start = text.firstRange(of: #""signature":"details:"#) else {
            Issue.record("no proof: \(text)")
            return ""
        }
        let proof = "details:" + text[start.upperBound...].prefix { $0 != "\"" }
        #expect(proof.hasPrefix("details:router:"))
        // The thinking ends before the call begins.
        #expect(text.firstRange(of: "tool_use").map { $0.lowerBound > start.lowerBound } == true)
        return #"{"type":"thinking","thinking":"Look it up.","signature":"\#(proof)"},"#
            + #"{"type":"tool_use","id":"call_1","name":"f","input":{}}"#
    }

    private func next(_ blocks: String) -> String {
        #"{"model":"gpt-test","max_tokens":99,"messages":[{"role":"user","content":"Go."},"#
            + #"{"role":"assistant","content":[\#(blocks)]},{"role":"user","content":[{"type":"tool_result","#
            + #""tool_use_id":"call_1","content":"done"}]}]}"#
    }

    @Test("goes back unchanged with the next turn of an Anthropic caller", arguments: [false, true])
    func messages(stream: Bool) {
        let body = next(blocks(stream: stream))
        let driver = Driver(Setup(targets: [target()]), head: .messages()).send(body).connect()
        let sent = driver.requestText
        #expect(sent.contains(#""type":"reasoning.text","text":"Look it up.""#), "\(sent)")
        #expect(
            sent.contains(#""signature":"c2ln""#) && sent.contains(#""data":"ZW5j","id":"rs_1","index":1"#),
            "\(sent)"
        )
        #expect(!sent.contains("details:") && !sent.contains("thinking_blocks"), "\(sent)")
    }

    @Test("goes to nobody else", arguments: ["another", "other server", "claude"])
    func foreign(kind: String) {
        let to =
            switch kind {
            case "another": target("second")
            case "other server": target(keeps: false)
            default: Target.sample("converse", model: "anthropic.claude-sonnet-4-5-v1:0", dialect: .bedrockConverse)
            }
        let driver = Driver(Setup(targets: [to]), head: .messages()).send(next(blocks(stream: false))).connect()
        #expect(!driver.requestText.contains("details"), "\(driver.requestText)")
        #expect(!driver.requestText.contains("c2ln") && driver.requestText.contains("call_1"))
        let answer = kind == "claude" ? #"{"message":"no"}"# : Chat.answer
        driver.head(kind == "claude" ? 400 : 200, .json).bytes(answer).end()
        #expect(driver.field("x-gateway-dropped")?.contains("messages[1].content[0]") == true, "\(driver.report)")
    }

    @Test("goes back for callers of responses", arguments: [false, true])
    func responses(stream: Bool) {
        let head = ClientHead.chat { $0.path = "/v1/responses" }
        let tools = #""tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}]"#
        let first = Driver(Setup(targets: [target()]), head: head)
        first.send(#"{"model":"gpt-test","input":"Go.","store":false,\#(tools),"stream":\#(stream)}"#).connect()
        if stream {
            first.head(200, .eventStream).bytes(Self.stream)
        } else {
            first.head(200, .json).bytes(Self.answer).end()
        }
        guard let start = first.bodyText.firstRange(of: #""encrypted_content":"mrtl1."#) else {
            Issue.record("no proof: \(first.report)")
            return
        }
        let proof = "mrtl1." + first.bodyText[start.upperBound...].prefix { $0 != "\"" }
        let input =
            #"[{"role":"user","content":"Go."},{"type":"reasoning","summary":[],"encrypted_content":"\#(proof)"},"#
            + #"{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"},"#
            + #"{"type":"function_call_output","call_id":"call_1","output":"done"}]"#
        let second = Driver(Setup(targets: [target()]), head: .chat { $0.path = "/v1/responses" })
        second.send(#"{"model":"gpt-test","store":false,\#(tools),"input":\#(input)}"#).connect()
        let sent = second.requestText
        #expect(sent.contains(#""reasoning_details":[{"type":"reasoning.text","text":"Look it up.""#), "\(sent)")
        #expect(sent.contains(#""data":"ZW5j""#) && !sent.contains("mrtl1."), "\(sent)")
    }

    @Test("a list that a client has changed to no list is left out, and nothing breaks")
    func tampered() {
        for proof in ["details:router:", "details:router:!!!!", "details:router:e30=", "details:"] {
            let blocks =
                #"{"type":"thinking","thinking":"x","signature":"\#(proof)"},"#
                + #"{"type":"tool_use","id":"call_1","name":"f","input":{}}"#
            let driver = Driver(Setup(targets: [target()]), head: .messages()).send(next(blocks)).connect()
            #expect(
                driver.requestText.contains("call_1") && !driver.requestText.contains("details"),
                "\(driver.report)"
            )
        }
    }
}

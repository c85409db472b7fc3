import Foundation
import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic prompt cache") struct AnthropicCacheTests {
    private static let mark = #","cache_control":{"type":"ephemeral"}"#
    /// About 1,250 tokens: over the minimum of the model below.
    private static let long = String(repeating: "word ", count: 1_000)
    private static let model = "claude-sonnet-5"

    private func spliced(_ body: String, _ mode: PromptCacheMode = .auto) throws -> String {
        let bytes = Array(body.utf8)
        var scanner = JSONScanner()
        try scanner.finish(bytes.span)
        var splice = JSONSplice()
        unsafe bytes.withUnsafeBytes {
            unsafe AnthropicCacheSplice.addMarks(to: &splice, $0, scanner: scanner, mode: mode, model: Self.model)
        }
        return String(decoding: splice.render(bytes), as: UTF8.self)
    }

    private func body(tools: String = "", system: String = "", _ messages: String) -> String {
        var members = [#" "model" : "\#(Self.model)""#, #""max_tokens":9"#]
        if !tools.isEmpty { members.append(#""tools":[\#(tools)]"#) }
        if !system.isEmpty { members.append(#""system":\#(system)"#) }
        return "{" + (members + [#""messages":[\#(messages)],"later":1 "#]).joined(separator: ",") + "}"
    }

    @Test("marks stand in the caller's own bytes, and all other bytes stay")
    func splice() throws {
        let text = #"{"type":"text","text":"\#(Self.long)"}"#
        let tool = #"{"name":"f","input_schema":{"type":"object"},"description":"\#(Self.long)" }"#
        let user = #"{"role":"user","content":"\#(Self.long)"}"#
        let answer = #"{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}]}"#
        let last = #"{"role":"user","content":[\#(text),{"type":"tool_result","tool_use_id":"u","content":"r"}]}"#
        let given = body(tools: tool + "," + tool, system: "[\(text)]", [user, answer, last].joined(separator: ","))
        let marked = try spliced(given)
        #expect(marked.components(separatedBy: Self.mark).count == 5)
        let unwrapped = marked.replacingOccurrences(
            of: #"[{"type":"text","text":"\#(Self.long)"\#(Self.mark)}]}"#,
            with: #""\#(Self.long)"}"#
        )
        #expect(unwrapped.replacingOccurrences(of: Self.mark, with: "") == given)
        #expect(marked.contains(#""content":"r"\#(Self.mark)}]}]"#))
        let system = try spliced(given, .system)
        #expect(system.replacingOccurrences(of: Self.mark, with: "") == given)
        #expect(system.components(separatedBy: Self.mark).count == 3)
        #expect(try spliced(given, .off) == given)
    }

    @Test("a system that is a plain text becomes a block, which says the same")
    func plainSystem() throws {
        let given = body(system: "\"\(Self.long)\"", #"{"role":"user","content":"x"}"#)
        let system = #""system":[{"type":"text","text":"\#(Self.long)"\#(Self.mark)}],"#
        #expect(try spliced(given) == given.replacingOccurrences(of: #""system":"\#(Self.long)","#, with: system))
    }

    @Test(
        "a caller's own mark leaves the body as it is",
        arguments: [
            #"{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}"#,
            #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a","#
                + #""cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}"#,
            #"{"role":"user","content":"x"}],"cache_control":{"type":"ephemeral"},"x":[0"#,
        ]
    )
    func callers(message: String) throws {
        let given = body(system: "\"\(Self.long)\"", message)
        #expect(try spliced(given) == given)
    }

    @Test("what is short, empty, looked up later or thought takes no mark")
    func unmarked() throws {
        let short = body(system: #""short""#, #"{"role":"user","content":"x"}"#)
        #expect(try spliced(short) == short)
        let later = #"{"name":"f","defer_loading":true,"description":"\#(Self.long)","input_schema":{}}"#
        let deferred = body(tools: later, #"{"role":"user","content":"x"}"#)
        #expect(try spliced(deferred) == deferred)
        let odd =
            #"{"model":"m","max_tokens":1,"messages":[{},{"role":"user"},{"content":[{},[],1,""]},"x"],"tools":{}}"#
        #expect(try spliced(odd) == odd)
    }

    /// A conversation in OpenAI's format of so many exchanges.
    private func conversation(_ exchanges: Int) -> ChatRequest {
        var request = ChatRequest(model: Self.model, messages: [ChatMessage(role: .system, text: Self.long)])
        request.tools = [.function(ChatFunction(name: "f", description: Self.long))]
        for index in 0..<exchanges {
            request.messages.append(ChatMessage(role: .user, text: "Question \(index)? \(Self.long)"))
            let call = ChatToolCall(id: "call_\(index)", name: "f", arguments: #"{"n":\#(index)}"#)
            request.messages.append(ChatMessage(role: .assistant, parts: [.toolCall(call)]))
            let result = ChatToolResult(callID: call.id, content: [.text(ChatText("Result \(index)"))])
            request.messages.append(ChatMessage(role: .tool, parts: [.toolResult(result)]))
            request.messages.append(ChatMessage(role: .assistant, text: "Answer \(index)."))
        }
        request.messages.append(ChatMessage(role: .user, text: "And now?"))
        return request
    }

    private func encoded(_ request: ChatRequest, _ mode: PromptCacheMode = .auto) throws -> String {
        let codec = AnthropicMessagesCodec(promptCache: mode)
        return String(decoding: try codec.encodeRequest(request).body, as: UTF8.self)
    }

    @Test("a translated conversation begins, turn for turn, with the bytes it began with before")
    func stablePrefix() throws {
        var last: String?
        for exchanges in 0..<6 {
            let whole = try encoded(conversation(exchanges))
            #expect(whole.components(separatedBy: Self.mark).count == (exchanges == 0 ? 3 : 5))
            let plain = whole.replacingOccurrences(of: Self.mark, with: "")
            #expect(try encoded(conversation(exchanges), .off) == plain)
            let document = try JSONDocument(Array(plain.utf8))
            let (prefix, messages) = document.withView { view in
                let members = ["tools", "system"].map { view.member(Array($0.utf8)).map { $0.rawBytes } ?? [] }
                let elements = view.member("messages").map { $0.elements.map { $0.rawBytes } } ?? []
                return (members.map { String(decoding: $0, as: UTF8.self) }, elements)
            }
            // All messages but the new question, which the next request has, too, but not at its end.
            let text = prefix.joined() + messages.map { String(decoding: $0, as: UTF8.self) }.joined()
            if let last { #expect(text.hasPrefix(last)) }
            last = prefix.joined() + messages.dropLast().map { String(decoding: $0, as: UTF8.self) }.joined()
        }
    }

    @Test("a translated request with its caller's mark gets no other")
    func translatedCallers() throws {
        var request = conversation(2)
        let mark = ExtraMember(name: "cache_control", value: JSONText(#"{"type":"ephemeral"}"#))
        request.messages[0].parts = [.text(ChatText(Self.long, extra: [mark]))]
        #expect(try encoded(request).components(separatedBy: Self.mark).count == 2)
    }

    @Test("the same conversation gets the same marks, spliced or written anew")
    func agreement() throws {
        for exchanges in 0..<4 {
            let marked = try encoded(conversation(exchanges))
            let plain = try encoded(conversation(exchanges), .off)
            #expect(try spliced(plain) == marked)
        }
    }

    @Test(
        "each generation has its own shortest prompt",
        arguments: [
            ("claude-opus-4-5", 4_096), ("claude-haiku-4-5-20251001", 4_096), ("claude-opus-4-6", 4_096),
            ("claude-opus-4-7", 2_048), ("claude-opus-4-8", 1_024), ("claude-sonnet-4-5", 1_024),
            ("claude-3-haiku-20240307", 2_048), ("anthropic.claude-3-5-haiku-20241022-v1:0", 2_048),
            ("claude-opus-5", 512), ("claude-fable-5", 512), ("claude-sonnet-5", 1_024), ("other", 1_024),
        ]
    )
    func minimum(model: String, tokens: Int) {
        #expect(AnthropicModelTraits(model: model).minimumCacheTokens == tokens)
    }

    @Test("Claude behind Vertex AI and behind Bedrock is sent the same marks")
    func otherHosts() throws {
        let request = conversation(2)
        let vertex = try AnthropicVertexCodec(promptCache: .auto).encodeRequest(request)
        let bedrock = try BedrockAnthropicCodec(promptCache: .auto).encodeRequest(request)
        for body in [vertex.body, bedrock.body] {
            #expect(String(decoding: body, as: UTF8.self).components(separatedBy: Self.mark).count == 5)
        }
        #expect(vertex.dropped.isEmpty && bedrock.dropped.isEmpty)
    }

    @Test("Converse has points behind what the marks would be on, and for other models none among the tools")
    func converse() throws {
        func points(_ model: String, _ mode: PromptCacheMode = .auto) throws -> (points: Int, tools: Int, text: String)
        {
            var request = conversation(2)
            request.model = model
            let body = try BedrockConverseCodec(promptCache: mode).encodeRequest(request).body
            let tools = try JSONDocument(body).withView { view in
                view.member("toolConfig")?.member("tools")?.elements.count { $0.member("cachePoint") != nil } ?? 0
            }
            let text = String(decoding: body, as: UTF8.self)
            return (text.components(separatedBy: #"{"cachePoint":{"type":"default"}}"#).count - 1, tools, text)
        }
        let claude = try points("anthropic.claude-sonnet-5")
        #expect(claude.points == 4 && claude.tools == 1)
        let nova = try points("amazon.nova-pro-v1:0")
        #expect(nova.points == 3 && nova.tools == 0)
        #expect(try points("meta.llama3-3-70b-instruct-v1:0").points == 0)
        let off = try points("anthropic.claude-sonnet-5", .off)
        #expect(off.points == 0)
        #expect(claude.text.replacingOccurrences(of: #",{"cachePoint":{"type":"default"}}"#, with: "") == off.text)
    }
}

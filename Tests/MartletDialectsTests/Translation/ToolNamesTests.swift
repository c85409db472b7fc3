import MartletCore
import Testing

@testable import MartletDialects

@Suite("Names of tools from turn to turn") struct ToolNamesTests {
    private static let long = String(repeating: "a", count: 130)
    private static let pairs = [(long + "1", long + "2"), ("fs.read", "fs_read"), ("fs.read", "fs:read")]

    private func request(_ names: [String], calls: [String]) -> ChatRequest {
        var messages = [ChatMessage(role: .user, text: "Go.")]
        for (index, name) in calls.enumerated() {
            let id = "call_\(index)"
            let call = ChatToolCall(id: id, name: name, arguments: "{}")
            messages.append(ChatMessage(role: .assistant, parts: [.toolCall(call)]))
            let result = ChatToolResult(callID: id, content: [.text(ChatText("ok"))])
            messages.append(ChatMessage(role: .tool, parts: [.toolResult(result)]))
        }
        var request = ChatRequest(model: "m", messages: messages)
        request.limits.maxTokens = 100
        request.tools = names.map { .function(ChatFunction(name: $0, parameters: JSONText(#"{"type":"object"}"#))) }
        return request
    }

    private static let codecs: [any ChatCodec] = [
        AnthropicMessagesCodec(), GeminiCodec(), BedrockConverseCodec(model: "anthropic.claude-sonnet-4-5-v1:0"),
        OpenAIResponsesCodec(),
    ]

    @Test("are the same whichever tool was called first, or none", arguments: pairs)
    func order(first: String, second: String) throws {
        for codec in Self.codecs {
            let plain = try codec.encodeRequest(request([first, second], calls: []))
            let later = try codec.encodeRequest(request([first, second], calls: [second, first]))
            #expect(plain.renamedTools == later.renamedTools && !plain.renamedTools.isEmpty)
            for name in plain.renamedTools.keys { #expect(name.utf8.count <= 128) }
            #expect(Set(plain.renamedTools.values).isSubset(of: [first, second]))
        }
    }

    @Test("are the same for callers of Anthropic's messages at targets that take shorter ones")
    func portable() throws {
        let (first, second) = Self.pairs[0]
        var names: [[String: String]] = []
        for calls in [[], [second, first]] {
            var request = request([first, second], calls: calls)
            request.dialect = .anthropicMessages
            names.append(try OpenAIChatCodec().encodeRequest(request).renamedTools)
        }
        #expect(names[0] == names[1] && names[0].count == 2, "\(names)")
    }

    @Test("a name that need not change never does, and one that is nobody else's gets no mark")
    func plain() {
        var names = FittedNames()
        let fit = { (name: String) in name.replacing(".", with: "_") }
        names.register(["fs.read", "fs_read", "fs.write"], limit: 64, fit: fit)
        #expect(names.name("fs_read", limit: 64, fit: fit) == "fs_read")
        #expect(names.name("fs.write", limit: 64, fit: fit) == "fs_write")
        let marked = names.name("fs.read", limit: 64, fit: fit)
        #expect(marked.hasPrefix("fs_read_") && marked.utf8.count == 16 && names.renamed[marked] == "fs.read")
        // One that only the history has comes last.
        #expect(names.name("fs_write", limit: 64, fit: fit).hasPrefix("fs_write_"))
        #expect(Set(names.renamed.keys).count == 3)
    }
}

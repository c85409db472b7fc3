import MartletCore
import MartletDialects
import Testing

/// Cases about pictures, documents, caches and shapes that translators are known to get wrong, by their numbers.
@Suite("Edge cases, content") struct EdgeCaseContentTests {
    private func user(_ part: String) -> String { #"{"role":"user","content":[{"type":"text","text":"?"},\#(part)]}"# }

    @Test func `34 the address of a picture passes where addresses are taken`() throws {
        let part = #"{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}"#
        let sent = try EdgeCase.anthropic(user(part))
        #expect(sent.leaves[".messages[0].content[1].source.url"] == "\"https://example.org/a.png")
        #expect(sent.dropped.isEmpty)
    }

    @Test func `35 data goes by its media type: a document is no picture`() throws {
        let part = #"{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0=","filename":"a.pdf"}}"#
        let sent = try EdgeCase.anthropic(user(part)).leaves
        #expect(sent[".messages[0].content[1].type"] == "\"document")
        let odd = #"{"type":"image_url","image_url":{"url":"data:application/pdf;base64,JVBERi0="}}"#
        #expect(try EdgeCase.anthropic(user(odd)).leaves[".messages[0].content[1].type"] == "\"document")
        #expect(try EdgeCase.ollama(user(part))[".messages[0].images[0]"] == nil)
    }

    @Test func `38 a blank text is left out, and so is what it leaves empty`() throws {
        let blank = #"{"role":"assistant","content":" \n"}"#
        let part = #"{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"x"}]}"#
        let sent = try EdgeCase.anthropic("\(EdgeCase.user),\(blank),\(part)").leaves
        for (path, value) in sent where path.hasSuffix(".text") { #expect(!value.dropFirst().isEmpty, "\(path)") }
        #expect(sent.values.contains("\"x") && sent[".messages[0].role"] == "\"user")
        #expect(!sent.keys.contains { $0.hasPrefix(".messages[1].content[0].text") && sent[$0] == "\" \n" })
    }

    @Test func `41 marks of a cache: at most four, the longer ones first`() throws {
        let marked = (0..<6).map { index in
            let mark = index == 5 ? #"{"type":"ephemeral","ttl":"1h"}"# : #"{"type":"ephemeral"}"#
            return #"{"role":"\#(index % 2 == 0 ? "user" : "assistant")","content":[{"type":"text","text":"t","#
                + #""cache_control":\#(mark)}]}"#
        }
        let sent = try EdgeCase.anthropic(marked.joined(separator: ","))
        let marks = sent.leaves.filter { $0.key.hasSuffix(".cache_control.type") }
        #expect(marks.count <= 4 && !sent.dropped.isEmpty)
        let long = sent.leaves.filter { $0.key.hasSuffix(".cache_control.ttl") && $0.value == "\"1h" }.keys.sorted()
        let short = marks.keys.filter { sent.leaves[$0.replacing(".type", with: ".ttl")] != "\"1h" }.sorted()
        if let first = short.first, let last = long.last { #expect(last < first) }
        #expect(try !EdgeCase.ollama(marked[0]).keys.contains { $0.contains("cache_control") })
    }

    @Test func `42 a schema goes into the native field where there is one, and hides no tools`() throws {
        let format =
            #""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}},"#
            + #""tools":[{"type":"function","function":{"name":"f"}}],"reasoning_effort":"low","max_tokens":9000"#
        let native = try EdgeCase.anthropic(EdgeCase.user, format).leaves
        #expect(native[".output_config.format.type"] == "\"json_schema" && native[".tools[0].name"] == "\"f")
        #expect(native[".thinking.type"] == "\"enabled" && native[".tool_choice.type"] != "\"tool")
        #expect(try EdgeCase.ollama(EdgeCase.user, format)[".format.type"] == "\"object")
    }

    @Test func `a system text in the middle stays where it is where that is possible`() throws {
        let messages =
            #"{"role":"system","content":"first"},\#(EdgeCase.user),{"role":"assistant","content":"x"},"#
            + #"{"role":"system","content":"second"},\#(EdgeCase.user)"#
        let sent = try EdgeCase.anthropic(messages).leaves
        #expect(sent[".system[0].text"] == "\"first" && sent[".system[1].text"] == nil)
        #expect(sent.contains { $0.key.hasPrefix(".messages[2]") && $0.value.contains("second") })
    }
}

import MartletCore
import Testing

@testable import MartletDialects

@Suite("Where a continuation meets what was delivered") struct SeamTests {
    private func delivered(_ text: String) -> DeliveredAnswer {
        var answer = DeliveredAnswer()
        answer.add(ChatChunk(choices: [.init(content: text)]))
        return answer
    }

    private func calling(_ arguments: String, name: String = "f", text: String = "") -> DeliveredAnswer {
        var answer = delivered(text)
        var choice = ChatChunk.Choice()
        choice.toolCalls = [.init(index: 0, id: "call_1", kind: .function, name: name, arguments: arguments)]
        answer.add(ChatChunk(choices: [choice]))
        return answer
    }

    /// The text that goes on from another one, whatever the pieces.
    private func joined(_ text: String, _ continuation: String, size: Int) -> String {
        var seam = TextSeam(after: delivered(text))
        var out = ""
        var rest = Substring(continuation)
        while !rest.isEmpty {
            out += seam.take(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return text + out + seam.finish()
    }

    @Test(
        "what is repeated is taken out, all else stays",
        arguments: [
            ("Once upon a time", " there was", "Once upon a time there was"),
            // The end of it again, and all of it again.
            ("Once upon a time there was", "a time there was a king", "Once upon a time there was a king"),
            ("Once upon a time", "Once upon a time there was", "Once upon a time there was"),
            // Too short to be sure.
            ("It went ha", "ha ha", "It went haha ha"),
            ("1", "1 apples", "11 apples"),
            // White space that the model was not shown.
            ("First.\n\n", "\n\nSecond.", "First.\n\nSecond."),
            ("First. ", "Second.", "First. Second."),
            ("First. ", " Second.", "First. Second."),
            // Almost a repetition.
            ("Once upon a time there was", "a time there was. No", "Once upon a time there was. No"),
            ("Once upon a time there was", " time there wax", "Once upon a time there was time there wax"),
            ("Zürich ist eine Stadt – groß", " eine Stadt – groß und alt", "Zürich ist eine Stadt – groß und alt"),
            // Of a pattern more may be meant.
            ("[0, 0, 0, 0, 0, 0, 0, 0,", " 0, 0, 0, 0, 0, 0, 1]", "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]"),
            ("====================", "====================\n", "========================================\n"),
        ],
        [1, 2, 3, 100]
    )
    func text(row: (String, String, String), size: Int) {
        #expect(joined(row.0, row.1, size: size) == row.2)
    }

    @Test("a repetition that never ends is text, and nothing is held back for ever")
    func held() {
        var seam = TextSeam(after: delivered("Once upon a time there was a king"))
        #expect(seam.take("Once upon a") == "")
        #expect(seam.finish() == "Once upon a")
        #expect(seam.finish() == "")
    }

    @Test("long texts are looked through at their end, and from their beginning")
    func longText() {
        let text = (0..<20_000).map { "word\($0)" }.joined(separator: " ")
        #expect(joined(text, String(text.suffix(3_000)) + " end", size: 50) == text + " end")
        #expect(joined(text, text + " end", size: 500) == text + " end")
    }

    @Test(
        "arguments go on where they broke, however they are spaced",
        arguments: [
            (#"{"city": "Par"#, #"{"city":"Paris"}"#, #"is"}"#),
            (#"{"city":"Paris","#, #"{ "city" : "Paris" , "days": 3}"#, #" "days": 3}"#),
            (#"{"a":"x\"#, #"{"a":"x\"y"}"#, #""y"}"#),
            (#"{"n": 1"#, #"{"n": 12}"#, "2}"),
            ("", "{}", "{}"),
            (#"{"a":1}"#, #"{"a":1}"#, ""),
        ],
        [1, 2, 100]
    )
    func arguments(row: (String, String, String), size: Int) {
        var seam = ArgumentSeam(after: Array(row.0.utf8))
        var out = ""
        var rest = Substring(row.1)
        while !rest.isEmpty {
            out += seam.take(String(rest.prefix(size))) ?? "differs"
            rest = rest.dropFirst(size)
        }
        #expect(out == row.2)
        #expect(seam.isPast)
    }

    @Test("other arguments differ, in white space inside of texts too")
    func otherArguments() {
        var seam = ArgumentSeam(after: Array(#"{"city": "New York"#.utf8))
        #expect(seam.take(#"{"city":"NewYork"}"#) == nil)
        var short = ArgumentSeam(after: Array(#"{"city": "New York"#.utf8))
        #expect(short.take(#"{"city""#) == "")
        #expect(!short.isPast)
    }

    @Test("a call goes on as the caller's own: its place stays, its name is not told twice")
    func call() throws {
        var seam = AnswerSeam(after: calling(#"{"a":"#))
        var choice = ChatChunk.Choice(role: .assistant, content: " \n", reasoning: "hm")
        choice.toolCalls = [.init(index: 2, id: "call_9", kind: .function, name: "f", arguments: #"{"a": 1}"#)]
        choice.finishReason = .toolCalls
        var chunk = ChatChunk(choices: [choice])
        try seam.rewrite(&chunk)
        #expect(chunk.choices[0].toolCalls == [.init(index: 0, arguments: " 1}")])
        #expect(chunk.choices[0].content == nil)
        #expect(chunk.choices[0].reasoning == nil)
        #expect(chunk.choices[0].role == nil)
    }

    @Test("words, another tool, other arguments or none are no continuation of a call", arguments: 0..<4)
    func noContinuation(how: Int) {
        var seam = AnswerSeam(after: calling(#"{"a":"#))
        var choice = ChatChunk.Choice()
        switch how {
        case 0: choice.content = "Sure!"
        case 1: choice.toolCalls = [.init(index: 0, id: "x", kind: .function, name: "g", arguments: "")]
        case 2: choice.toolCalls = [.init(index: 0, id: "x", kind: .function, name: "f", arguments: "{\"b\"")]
        default: choice.finishReason = .stop
        }
        var chunk = ChatChunk(choices: [choice])
        #expect(throws: ChatFailure.self) { try seam.rewrite(&chunk) }
    }

    @Test("what nobody can go on from is known as such")
    func obstacles() {
        #expect(DeliveredAnswer().obstacle == .noText)
        #expect(delivered("a").obstacle == nil)
        #expect(calling("{").obstacle == nil)
        var second = calling("{}")
        var choice = ChatChunk.Choice()
        choice.toolCalls = [.init(index: 1, id: "call_2", kind: .function, name: "g")]
        second.add(ChatChunk(choices: [choice]))
        #expect(second.obstacle == .calls)
        var after = calling("{}")
        after.add(ChatChunk(choices: [.init(content: "text")]))
        #expect(after.obstacle == .calls)
        var other = delivered("a")
        other.add(ChatChunk(choices: [.init(index: 1, content: "b")]))
        #expect(other.obstacle == .noText)
        #expect(delivered(String(repeating: "x", count: 2 << 20)).obstacle == .noText)
    }

    @Test("the rest is asked for with the text so far, without reasoning, within what is left of the limit")
    func request() {
        var request = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "Tell")])
        request.reasoningEffort = "high"
        request.limits.maxTokens = 10
        request.limits.maxCompletionTokens = 2
        let rest = request.continued(from: delivered("Once upon a time. \n"))
        #expect(rest.messages.last == ChatMessage(role: .assistant, text: "Once upon a time."))
        #expect(rest.reasoningEffort == nil)
        #expect(rest.limits == ChatLimits(maxCompletionTokens: 1, maxTokens: 5))
        #expect(request.continued(from: calling("{", name: "look")).toolChoice == .function(name: "look"))
        #expect(request.continued(from: calling("{")).messages.count == 1)
    }

    @Test("servers are told in their own way to go on from the last message")
    func marks() throws {
        var request = ChatRequest(model: "m", messages: [])
        request.messages = [
            .init(role: .assistant, text: "{\"role\":\"assistant\","), .init(role: .user, text: "go on"),
        ]
        let rest = request.continued(from: delivered("Once"))
        let body = try OpenAIChatCodec().encodeRequest(rest).body
        #expect(TextContinuation.plain.mark(body) == body)
        let prefix = String(decoding: TextContinuation.prefix.mark(body), as: UTF8.self)
        #expect(prefix.contains(#"{"prefix":true,"role":"assistant","content":"Once"}"#))
        #expect(prefix.ranges(of: "prefix").count == 1)
        let final = String(decoding: TextContinuation.finalMessage.mark(body), as: UTF8.self)
        #expect(final.hasPrefix(#"{"add_generation_prompt":false,"continue_final_message":true,"model""#))
    }

    @Test("Claude goes on from its own turn before 4.6, and no later one does")
    func claude() {
        for name in [
            "claude-3-5-sonnet-20241022", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-sonnet-4-20250514",
        ] {
            #expect(AnthropicModelTraits.takesPrefill(model: name), "\(name)")
        }
        for name in ["claude-opus-4-6", "claude-sonnet-5", "claude", "nova-pro", "gpt-5"] {
            #expect(!AnthropicModelTraits.takesPrefill(model: name), "\(name)")
        }
    }
}

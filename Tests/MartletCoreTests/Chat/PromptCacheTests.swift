import MartletCore
import Testing

@Suite("Marks of the prompt cache") struct PromptCacheTests {
    typealias Block = PromptOutline.Block
    typealias Turn = PromptOutline.Turn
    typealias Place = PromptCacheMarks.Place

    /// An outline of 4,000 bytes a block: tools, system texts and turns as `u` and `a`.
    private func outline(tools: Int = 0, system: Int = 0, _ turns: String = "u") -> PromptOutline {
        var outline = PromptOutline()
        outline.tools = Array(repeating: Block(bytes: 4_000), count: tools)
        outline.system = Array(repeating: Block(bytes: 4_000), count: system)
        outline.turns = turns.map { Turn(isModel: $0 == "a", blocks: [Block(bytes: 4_000), Block(bytes: 4_000)]) }
        return outline
    }

    private func marks(
        _ outline: PromptOutline,
        _ mode: PromptCacheMode = .auto,
        minimum: Int = 1_000
    ) -> PromptCacheMarks {
        PromptCacheMarks(outline, mode: mode, minimumTokens: minimum)
    }

    @Test("tools and system texts are marked at their ends, in every mode but off")
    func stable() {
        let prompt = outline(tools: 3, system: 2)
        for mode in [PromptCacheMode.system, .auto] {
            #expect(marks(prompt, mode).tool == 2 && marks(prompt, mode).system == 1)
            #expect(marks(prompt, mode).messages.isEmpty)
        }
        #expect(marks(prompt, .off).isEmpty)
    }

    @Test("a conversation is marked where the next request's new part begins, and where this one's did")
    func conversation() {
        #expect(marks(outline("u")).isEmpty)
        #expect(marks(outline("uau")).messages == [Place(message: 0, block: 1), Place(message: 2, block: 1)])
        #expect(marks(outline("uauau")).messages == [Place(message: 2, block: 1), Place(message: 4, block: 1)])
        #expect(marks(outline("uauuau")).messages == [Place(message: 3, block: 1), Place(message: 5, block: 1)])
        // What the model is to go on from is no end.
        #expect(marks(outline("uaua")).messages == [Place(message: 0, block: 1), Place(message: 2, block: 1)])
        #expect(marks(outline("uau"), .system).messages.isEmpty)
    }

    @Test("the mark of the last request is one of this one's, so that what was written is found")
    func goesOn() {
        var turns = "u"
        var last: Place?
        for _ in 0..<6 {
            turns += "au"
            let found = marks(outline(tools: 1, system: 1, turns)).messages
            if let last { #expect(found.contains(last)) }
            last = found.last
        }
    }

    @Test("nothing shorter than what the model caches is marked; what comes before counts")
    func minimum() {
        let prompt = outline(tools: 1, system: 1, "uau")
        let none = marks(prompt, minimum: 100_000)
        #expect(none.isEmpty)
        let late = marks(prompt, minimum: 2_000)
        #expect(late.tool == nil && late.system == 0)
        let later = marks(prompt, minimum: 5_000)
        #expect(later.system == nil && later.messages == [Place(message: 2, block: 1)])
    }

    @Test("what takes no mark is passed over for what stands before it")
    func unmarkable() {
        var prompt = outline(tools: 2, system: 0, "uau")
        prompt.tools[1].takesMark = false
        prompt.turns[2].blocks[1].takesMark = false
        #expect(marks(prompt).tool == 0 && marks(prompt).messages.last == Place(message: 2, block: 0))
    }

    @Test("a caller's own marks are never added to")
    func marked() {
        var prompt = outline(tools: 2, system: 2, "uau")
        prompt.isMarked = true
        #expect(marks(prompt).isEmpty)
    }

    @Test("there are four at most, whatever the prompt")
    func most() {
        for tools in 0...3 {
            for system in 0...3 {
                for turns in ["", "u", "a", "uau", "auau", "uaauuaua"] {
                    #expect(marks(outline(tools: tools, system: system, turns), minimum: 0).count <= 4)
                }
            }
        }
        #expect(marks(outline(tools: 2, system: 2, "uau")).count == 4)
    }

    @Test("places name messages and parts of a request")
    func request() {
        let long = String(repeating: "word ", count: 2_000)
        var request = ChatRequest(
            model: "m",
            messages: [
                ChatMessage(role: .system, text: long), ChatMessage(role: .developer, text: long),
                ChatMessage(role: .user, text: long), ChatMessage(role: .assistant, text: long),
                ChatMessage(role: .user, parts: [.text(ChatText(long)), .text(ChatText(" "))]),
            ]
        )
        request.tools = [.function(ChatFunction(name: "f", description: long))]
        let found = marks(PromptOutline(request))
        #expect(found.tool == 0 && found.system == 1)
        #expect(found.messages == [Place(message: 2, block: 0), Place(message: 4, block: 0)])
    }

    @Test("a mark anywhere in a request is the caller's", arguments: ["cache_control", "prompt_cache_breakpoint"])
    func callers(name: String) {
        let mark = ExtraMember(name: name, value: JSONText("{}"))
        let plain = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "x")])
        #expect(!PromptOutline(plain).isMarked)
        var edits: [(inout ChatRequest) -> Void] = []
        edits.append { $0.extra = [mark] }
        edits.append { $0.messages[0].extra = [mark] }
        edits.append { $0.messages[0].parts = [.text(ChatText("x", extra: [mark]))] }
        edits.append { request in
            let result = ChatToolResult(callID: "c", content: [.text(ChatText("x", extra: [mark]))])
            request.messages[0].parts = [.toolResult(result)]
        }
        edits.append { request in
            var function = ChatFunction(name: "f")
            function.extra = [mark]
            request.tools = [.function(function)]
        }
        edits.append { $0.tools = [.other(type: "t", value: JSONText("{\"\(name)\":{}}"))] }
        for edit in edits {
            var request = plain
            edit(&request)
            #expect(PromptOutline(request).isMarked)
        }
        var null = plain
        null.extra = [ExtraMember(name: name, value: JSONText("null"))]
        #expect(!PromptOutline(null).isMarked)
    }
}

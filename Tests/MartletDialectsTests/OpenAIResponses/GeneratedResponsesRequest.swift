import MartletWire

/// A request in OpenAI's responses made up by chance, with a different value in every leaf where the format allows it.
struct GeneratedResponsesRequest {
    private var generator: SeededGenerator
    private var writer = JSONWriter(reserving: 2_048)
    private var count = 0
    private var spaces: [(space: String, function: String)] = []
    private var customs: [String] = []

    /// The body of the request of a seed.
    static func body(seed: UInt64) -> [UInt8] {
        var request = GeneratedResponsesRequest(generator: SeededGenerator(state: seed))
        request.write()
        return request.writer.bytes
    }

    private init(generator: SeededGenerator) { self.generator = generator }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    private mutating func pick(_ names: [String]) -> String { names.randomElement(using: &generator) ?? "" }

    /// A word that stands nowhere else.
    private mutating func word(_ stem: String = "w") -> String {
        count += 1
        return "\(stem)\(count)z"
    }

    private mutating func key(_ name: String) { writer.key(Array(name.utf8)) }

    private mutating func member(_ name: String, _ text: String) {
        key(name)
        writer.string(text)
    }

    private mutating func object(_ body: (inout GeneratedResponsesRequest) -> Void) {
        writer.beginObject()
        body(&self)
        writer.endObject()
    }

    private mutating func array(_ body: (inout GeneratedResponsesRequest) -> Void) {
        writer.beginArray()
        body(&self)
        writer.endArray()
    }

    /// Members that no format knows.
    private mutating func extras(_ percent: Int = 8) {
        guard chance(percent) else { return }
        member(pick(["x_extra", "odd key", "größe"]), word())
    }

    private mutating func write() {
        object { request in
            request.member("model", request.pick(["claude-sonnet-4-5", "claude-opus-4-6", "other"]))
            if request.chance(60) { request.member("instructions", request.word("rule")) }
            request.tools()
            request.key("input")
            request.array { $0.items() }
            request.settings()
            request.extras(30)
        }
    }

    private mutating func items() {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            message(pick(["user", "user", "developer", "system"]))
            if chance(70) { turn() }
        }
        message("user")
    }

    private mutating func message(_ role: String) {
        object { item in
            let isLong = item.chance(30)
            if isLong {
                item.member("type", "message")
                item.member("id", item.word("msg_"))
            }
            item.member("role", role)
            item.key("content")
            if !isLong, item.chance(50) {
                item.writer.string(item.word("text"))
            } else {
                let parts = Int.random(in: 1...3, using: &item.generator)
                item.array { list in
                    for _ in 0..<parts { list.part(isText: role != "user") }
                }
            }
            if isLong { item.extras() }
        }
    }

    private mutating func part(isText: Bool) {
        object { part in
            switch isText ? 0 : Int.random(in: 0...3, using: &part.generator) {
            case 0, 1:
                part.member("type", "input_text")
                part.member("text", part.word("text"))
                // One more member keeps a lone part a part.
                part.member("x_part", part.word())
            case 2:
                part.member("type", "input_image")
                part.member(
                    "image_url",
                    part.chance(50) ? "https://e.org/\(part.word())" : "data:image/png;base64,AA\(part.word())"
                )
                if part.chance(40) { part.member("detail", part.pick(["low", "high"])) }
                part.extras()
            default:
                part.member("type", "input_file")
                part.member("file_data", "data:application/pdf;base64,AA\(part.word())")
                if part.chance(50) { part.member("filename", part.word("file")) }
                part.extras()
            }
        }
    }

    /// What the model said and did, and the results.
    private mutating func turn() {
        var results: [(id: String, isCustom: Bool)] = []
        if chance(40) { reasoning() }
        if chance(60) { said() }
        for _ in 0..<Int.random(in: 0...3, using: &generator) { results.append(call()) }
        if chance(20) {
            object { item in
                item.member("type", "web_search_call")
                item.member("id", item.word("ws_"))
                item.member("status", "completed")
            }
        }
        if chance(20) { said() }
        for result in results.shuffled(using: &generator) {
            object { item in
                item.member("type", result.isCustom ? "custom_tool_call_output" : "function_call_output")
                item.member("call_id", result.id)
                if item.chance(80) {
                    item.member("output", item.word("result"))
                } else {
                    item.key("output")
                    item.array { $0.part(isText: true) }
                }
                if item.chance(30) { item.member("id", item.word("fco_")) }
                item.extras()
            }
        }
    }

    private mutating func reasoning() {
        object { item in
            item.member("type", "reasoning")
            item.member("id", item.word("rs_"))
            item.key("summary")
            let text = item.word("thought")
            item.array { list in
                list.object { part in
                    part.member("type", "summary_text")
                    part.member("text", text)
                }
            }
            if item.chance(60) { item.member("encrypted_content", item.word("gAAA")) }
        }
    }

    private mutating func said() {
        object { item in
            item.member("type", "message")
            item.member("id", item.word("msg_"))
            item.member("status", "completed")
            item.member("role", "assistant")
            if item.chance(30) { item.member("phase", "commentary") }
            let texts = (0..<Int.random(in: 1...2, using: &item.generator)).map { _ in item.word("said") }
            item.key("content")
            item.array { list in
                for text in texts {
                    list.object { part in
                        part.member("type", "output_text")
                        part.member("text", text)
                        part.key("annotations")
                        part.array { _ in }
                    }
                }
            }
            item.extras()
        }
    }

    private mutating func call() -> (id: String, isCustom: Bool) {
        let id = word("call_")
        let isCustom = !customs.isEmpty && chance(30)
        object { item in
            item.member("type", isCustom ? "custom_tool_call" : "function_call")
            item.member("call_id", id)
            if isCustom {
                item.member("name", item.pick(item.customs))
                item.member("input", item.word("free"))
            } else if item.chance(40), let tool = item.spaces.randomElement(using: &item.generator) {
                item.member("name", tool.function)
                item.member("namespace", tool.space)
                item.member("arguments", "{\"a\":\"\(item.word())\"}")
            } else {
                item.member("name", item.word("tool"))
                item.member("arguments", "{\"a\":\"\(item.word())\"}")
            }
            if item.chance(30) { item.member("id", item.word("fc_")) }
            item.extras()
        }
        return (id, isCustom)
    }

    private mutating func tools() {
        guard chance(80) else { return }
        key("tools")
        var first: String?
        let number = Int.random(in: 1...3, using: &generator)
        array { list in
            for _ in 0..<number {
                list.object { tool in
                    switch Int.random(in: 0...4, using: &tool.generator) {
                    case 0:
                        let space = tool.word("space")
                        tool.member("type", "namespace")
                        tool.member("name", space)
                        tool.member("description", tool.word("about"))
                        tool.key("tools")
                        var name = ""
                        tool.array { $0.object { name = $0.function() } }
                        tool.spaces.append((space, name))
                    case 1:
                        let name = tool.word("free")
                        tool.member("type", "custom")
                        tool.member("name", name)
                        tool.member("description", tool.word("about"))
                        if tool.chance(50) {
                            tool.key("format")
                            tool.object { format in
                                format.member("type", "grammar")
                                format.member("syntax", "lark")
                                format.member("definition", format.word("start"))
                            }
                        }
                        tool.customs.append(name)
                    case 2:
                        tool.member("type", "web_search")
                        tool.member("search_context_size", "low")
                    default:
                        let name = tool.function()
                        first = first ?? name
                        tool.extras()
                    }
                }
            }
        }
        guard let first, chance(40) else { return }
        key("tool_choice")
        object { choice in
            choice.member("type", "function")
            choice.member("name", first)
        }
    }

    private mutating func function() -> String {
        let name = word("tool")
        member("type", "function")
        member("name", name)
        if chance(70) { member("description", word("does")) }
        key("parameters")
        let field = word("field")
        object { schema in
            schema.member("type", "object")
            schema.key("properties")
            schema.object { properties in
                properties.key(field)
                properties.object { $0.member("type", "string") }
            }
        }
        return name
    }

    private mutating func settings() {
        if chance(40) {
            key("max_output_tokens")
            writer.integer(4_000 + count)
        }
        if chance(40) {
            key("text")
            object { text in
                if text.chance(60) {
                    text.key("format")
                    text.object { format in
                        format.member("type", "json_schema")
                        format.member("name", format.word("answer"))
                        format.key("schema")
                        format.object { $0.member("type", "object") }
                    }
                }
                if text.chance(50) { text.member("verbosity", "low") }
                text.extras()
            }
        }
        if chance(40) {
            key("reasoning")
            object { reasoning in
                reasoning.member("effort", "low")
                if reasoning.chance(50) { reasoning.member("summary", "auto") }
                if reasoning.chance(20) { reasoning.member("mode", "pro") }
            }
        }
        if chance(40) {
            key("include")
            array { list in
                list.writer.string("reasoning.encrypted_content")
                if list.chance(30) { list.writer.string("web_search_call.results") }
            }
        }
        if chance(50) {
            key("store")
            writer.bool(false)
        }
        if chance(20) { member("truncation", pick(["auto", "disabled"])) }
        for name in ["prompt_cache_key", "safety_identifier", "user"] where chance(30) { member(name, word("hint")) }
        if chance(30) {
            key("metadata")
            object { $0.member("app", $0.word("app")) }
        }
        if chance(30) {
            key("client_metadata")
            object { $0.member("turn", $0.word("turn")) }
        }
    }
}

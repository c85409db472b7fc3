import MartletWire

/// A request for messages in Anthropic's format made up by chance, with a different value in every leaf where the format
/// allows it.
struct GeneratedMessages {
    private var generator: SeededGenerator
    private var writer = JSONWriter(reserving: 2_048)
    private var count = 0
    private var tools: [String] = []
    private var pending: [String] = []

    /// The body of the request of a seed.
    static func body(seed: UInt64) -> [UInt8] {
        var request = GeneratedMessages(generator: SeededGenerator(state: seed))
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

    private mutating func number() -> Int {
        count += 1
        return 70_000 + count
    }

    private mutating func key(_ name: String) { writer.key(Array(name.utf8)) }

    private mutating func member(_ name: String, _ text: String) {
        key(name)
        writer.string(text)
    }

    private mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        writer.bool(flag)
    }

    private mutating func object(_ body: (inout GeneratedMessages) -> Void) {
        writer.beginObject()
        body(&self)
        writer.endObject()
    }

    private mutating func array(_ body: (inout GeneratedMessages) -> Void) {
        writer.beginArray()
        body(&self)
        writer.endArray()
    }

    private mutating func extras(_ percent: Int = 10) {
        guard chance(percent) else { return }
        member(pick(["x_extra", "odd key", "annotations", "größe"]), word())
    }

    private mutating func cacheMark() {
        guard chance(20) else { return }
        key("cache_control")
        object { mark in
            mark.member("type", "ephemeral")
            if mark.chance(50) { mark.member("ttl", mark.pick(["5m", "1h"])) }
        }
    }

    private mutating func write() {
        object { request in
            request.member("model", request.pick(["gpt-4.1", "gpt-5.5", "o4-mini", "llama3:8b", "deepseek/chat"]))
            request.key("max_tokens")
            let limit = request.number()
            request.writer.integer(limit)
            if request.chance(70) { request.system() }
            if request.chance(70) { request.defineTools() }
            request.key("messages")
            request.array { $0.messages() }
            request.settings()
            request.betas()
            request.extras(30)
        }
    }

    private mutating func system() {
        key("system")
        if chance(40) {
            let text = word("system")
            return writer.string(text)
        }
        array { list in
            for _ in 0..<Int.random(in: 1...3, using: &list.generator) { list.text(citations: false) }
        }
    }

    private mutating func text(citations: Bool = true) {
        object { block in
            block.member("type", "text")
            block.member("text", block.word("text"))
            if citations, block.chance(10) {
                block.key("citations")
                block.array { list in list.object { $0.member("cited_text", $0.word("cite")) } }
            }
            block.cacheMark()
            block.extras()
        }
    }

    private mutating func messages() {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            user()
            if chance(15) {
                object { message in
                    message.member("role", "system")
                    message.member("content", message.word("later"))
                }
            }
            if chance(75) { assistant() }
        }
        user()
    }

    private mutating func user() {
        object { message in
            message.member("role", "user")
            message.key("content")
            if message.pending.isEmpty, message.chance(40) {
                let text = message.word("text")
                message.writer.string(text)
            } else {
                message.array { list in
                    for id in list.pending { list.result(id) }
                    list.pending = []
                    for _ in 0..<Int.random(in: 1...3, using: &list.generator) { list.userBlock(isInner: false) }
                }
            }
            message.extras(5)
        }
    }

    private mutating func userBlock(isInner: Bool) {
        switch Int.random(in: 0...9, using: &generator) {
        case 0...3: text(citations: !isInner)
        case 4, 5: image()
        case 6, 7: document(isInner: isInner)
        case 8: searchResult()
        default:
            object { block in
                block.member("type", "container_upload")
                block.member("file_id", block.word("file"))
            }
        }
    }

    private mutating func image() {
        object { block in
            block.member("type", "image")
            block.key("source")
            if block.chance(60) {
                block.object { source in
                    source.member("type", "base64")
                    source.member("media_type", "image/png")
                    source.member("data", source.word())
                    source.extras()
                }
            } else {
                block.object { source in
                    source.member("type", "url")
                    source.member("url", "https://e.org/\(source.word())")
                }
            }
            block.cacheMark()
            block.extras()
        }
    }

    private mutating func document(isInner: Bool) {
        object { block in
            block.member("type", "document")
            block.key("source")
            switch Int.random(in: 0...2, using: &block.generator) {
            case 0:
                block.object { source in
                    source.member("type", "base64")
                    source.member("media_type", "application/pdf")
                    source.member("data", source.word())
                }
            case 1:
                block.object { source in
                    source.member("type", "text")
                    source.member("media_type", "text/plain")
                    source.member("data", source.word("page"))
                    source.extras()
                }
            default:
                block.object { source in
                    source.member("type", "content")
                    source.key("content")
                    source.array { $0.text(citations: false) }
                }
            }
            if block.chance(50) { block.member("title", block.word("title")) }
            if block.chance(30) { block.member("context", block.word("context")) }
            if block.chance(30) {
                block.key("citations")
                block.object { $0.member("enabled", true) }
            }
            block.cacheMark()
        }
    }

    private mutating func searchResult() {
        object { block in
            block.member("type", "search_result")
            block.member("source", "https://e.org/\(block.word())")
            block.member("title", block.word("title"))
            block.key("content")
            block.array { $0.text(citations: false) }
            block.extras()
        }
    }

    private mutating func result(_ id: String) {
        object { block in
            block.member("type", "tool_result")
            block.member("tool_use_id", id)
            if block.chance(80) {
                block.key("content")
                if block.chance(50) {
                    let text = block.word("result")
                    block.writer.string(text)
                } else {
                    block.array { list in
                        for _ in 0..<Int.random(in: 1...2, using: &list.generator) { list.userBlock(isInner: true) }
                    }
                }
            }
            if block.chance(40) { block.member("is_error", block.chance(50)) }
            block.cacheMark()
            block.extras()
        }
    }

    private mutating func assistant() {
        object { message in
            message.member("role", "assistant")
            message.key("content")
            message.array { list in
                if list.chance(40) { list.thinking() }
                if list.chance(70) { list.text() }
                if list.chance(15) {
                    list.object { block in
                        block.member("type", "server_tool_use")
                        block.member("id", block.word("srvtoolu_"))
                        block.member("name", "web_search")
                        block.key("input")
                        block.object { $0.member("query", $0.word("query")) }
                    }
                }
                guard !list.tools.isEmpty, list.chance(60) else { return list.text() }
                for _ in 0..<Int.random(in: 1...2, using: &list.generator) { list.call() }
            }
        }
    }

    private mutating func thinking() {
        object { block in
            if block.chance(20) {
                block.member("type", "redacted_thinking")
                block.member("data", block.word("sealed"))
            } else {
                block.member("type", "thinking")
                block.member("thinking", block.word("thought"))
                block.member("signature", block.chance(50) ? "" : block.word("seal"))
            }
        }
    }

    private mutating func call() {
        let isLong = chance(20)
        let id = word("toolu_") + (isLong ? String(repeating: "x", count: 60) : "")
        pending.append(id)
        let name = pick(tools)
        object { block in
            block.member("type", "tool_use")
            block.member("id", id)
            block.member("name", name)
            block.key("input")
            block.object { input in if input.chance(70) { input.member("city", input.word("city")) } }
            block.cacheMark()
            if block.chance(10) {
                block.key("caller")
                block.object { $0.member("type", "direct") }
            }
        }
    }

    private mutating func defineTools() {
        key("tools")
        array { list in
            for _ in 0..<Int.random(in: 1...3, using: &list.generator) {
                if list.chance(15) {
                    list.object { tool in
                        tool.member("type", tool.pick(["web_search_20250305", "bash_20250124"]))
                        tool.member("name", tool.word("vendor"))
                    }
                    continue
                }
                let isLong = list.chance(15)
                let name = list.word("tool_") + (isLong ? String(repeating: "n", count: 80) : "")
                list.tools.append(name)
                list.object { $0.tool(name) }
            }
        }
        guard chance(50) else { return }
        key("tool_choice")
        let type = tools.isEmpty ? "auto" : pick(["auto", "any", "none", "tool"])
        let name = pick(tools)
        object { choice in
            choice.member("type", type)
            if type == "tool" { choice.member("name", name) }
            if type != "none", choice.chance(40) { choice.member("disable_parallel_tool_use", choice.chance(70)) }
        }
    }

    private mutating func tool(_ name: String) {
        if chance(20) { member("type", "custom") }
        member("name", name)
        if chance(80) { member("description", word("about")) }
        key("input_schema")
        object { schema in
            schema.member("type", "object")
            schema.key("properties")
            schema.object { properties in
                properties.key("city")
                properties.object { $0.member("description", $0.word("field")) }
            }
        }
        if chance(30) { member("strict", chance(60)) }
        if chance(20) { member("defer_loading", true) }
        cacheMark()
        extras()
    }

    private mutating func settings() {
        if chance(30) {
            key("temperature")
            writer.double(0.25)
        }
        if chance(20) {
            key("top_p")
            writer.double(0.875)
        }
        if chance(20) {
            key("top_k")
            let value = number()
            writer.integer(value)
        }
        if chance(30) {
            key("stop_sequences")
            array { list in
                let text = list.word("stop")
                list.writer.string(text)
            }
        }
        if chance(50) { member("stream", chance(50)) }
        if chance(40) {
            key("metadata")
            object { metadata in
                metadata.member("user_id", metadata.word("user"))
                metadata.extras()
            }
        }
        if chance(20) { member("service_tier", pick(["auto", "standard_only"])) }
        if chance(40) { thinkingConfig() }
        if chance(40) { outputConfig() }
    }

    private mutating func thinkingConfig() {
        key("thinking")
        let type = pick(["enabled", "adaptive", "disabled", "between_tools"])
        object { thinking in
            thinking.member("type", type)
            if type == "enabled" {
                thinking.key("budget_tokens")
                let budget = thinking.number()
                thinking.writer.integer(budget)
            }
            if type != "disabled", thinking.chance(30) { thinking.member("display", "summarized") }
        }
    }

    private mutating func outputConfig() {
        key("output_config")
        object { config in
            if config.chance(50) { config.member("effort", config.pick(["low", "medium", "high", "max"])) }
            if config.chance(60) {
                config.key("format")
                config.object { format in
                    format.member("type", "json_schema")
                    format.key("schema")
                    format.object { schema in
                        schema.member("type", "object")
                        schema.member("description", schema.word("answer"))
                    }
                }
            }
            config.extras(20)
        }
    }

    /// Fields that only a beta knows.
    private mutating func betas() {
        if chance(15) {
            key("context_management")
            object { edits in
                edits.key("edits")
                edits.array { list in list.object { $0.member("type", $0.word("clear")) } }
            }
        }
        if chance(10) { member("container", word("container")) }
        if chance(10) { member("speed", "fast") }
        if chance(10) { member("inference_geo", "eu") }
        guard chance(10) else { return }
        key("mcp_servers")
        array { list in list.object { $0.member("url", "https://e.org/\($0.word())") } }
    }
}

import MartletWire

/// A chat request in OpenAI's format made up by chance, with a different value in every leaf where the format allows it.
struct GeneratedRequest {
    private var generator: SeededGenerator
    private var writer = JSONWriter(reserving: 2_048)
    private var count = 0
    private var calls: [String] = []

    /// The body of the request of a seed.
    static func body(seed: UInt64) -> [UInt8] {
        var request = GeneratedRequest(generator: SeededGenerator(state: seed))
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

    /// A number that stands nowhere else.
    private mutating func number() -> Int {
        count += 1
        return 70_000 + count
    }

    private mutating func key(_ name: String) { writer.key(Array(name.utf8)) }

    private mutating func member(_ name: String, _ text: String) {
        key(name)
        writer.string(text)
    }

    private mutating func object(_ body: (inout GeneratedRequest) -> Void) {
        writer.beginObject()
        body(&self)
        writer.endObject()
    }

    private mutating func array(_ body: (inout GeneratedRequest) -> Void) {
        writer.beginArray()
        body(&self)
        writer.endArray()
    }

    /// Members that no format knows.
    private mutating func extras(_ percent: Int = 12) {
        guard chance(percent) else { return }
        member(pick(["x_extra", "odd key", "annotations", "größe"]), word())
        guard chance(40) else { return }
        key("x_deep")
        object { deep in
            let text = deep.word()
            deep.key("list")
            deep.array { $0.writer.string(text) }
        }
    }

    private mutating func cacheMark() {
        guard chance(15) else { return }
        if chance(30) {
            key("prompt_cache_breakpoint")
            object { $0.member("mode", "explicit") }
        } else {
            key("cache_control")
            object { mark in
                mark.member("type", "ephemeral")
                if mark.chance(50) { mark.member("ttl", mark.pick(["5m", "1h"])) }
                if mark.chance(20) { mark.member("scope", mark.word()) }
            }
        }
    }

    private mutating func write() {
        let model = pick([
            "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-8", "claude-opus-5-5", "other",
        ])
        object { request in
            request.member("model", model)
            request.key("messages")
            request.array { $0.messages() }
            request.settings()
            request.tools()
            request.shape()
            request.hints()
            request.extras(40)
        }
    }

    private mutating func messages() {
        for _ in 0..<Int.random(in: 0...2, using: &generator) { message(pick(["system", "developer"]), texts: true) }
        for _ in 0..<Int.random(in: 1...5, using: &generator) {
            message("user", texts: false)
            if chance(20) { message("system", texts: true) }
            if chance(70) { assistant() }
        }
        message("user", texts: false)
    }

    private mutating func message(_ role: String, texts: Bool) {
        object { message in
            message.member("role", role)
            message.content(texts: texts)
            if message.chance(15) { message.member("name", message.word("name")) }
            message.cacheMark()
            message.extras()
        }
    }

    private mutating func content(texts: Bool) {
        key("content")
        if chance(40) {
            let text = chance(8) ? pick(["", " ", "\n"]) : word("text")
            return writer.string(text)
        }
        let parts = Int.random(in: 1...3, using: &generator)
        array { list in
            for _ in 0..<parts { list.part(texts: texts) }
        }
    }

    private mutating func part(texts: Bool) {
        object { part in
            switch texts ? 0 : Int.random(in: 0...4, using: &part.generator) {
            case 0, 1:
                part.member("type", "text")
                part.member("text", part.chance(5) ? "" : part.word("text"))
            case 2, 3:
                part.member("type", "image_url")
                part.key("image_url")
                let url = part.chance(50) ? "https://e.org/\(part.word())" : "data:image/png;base64,\(part.word())"
                part.object { image in
                    image.member("url", url)
                    if image.chance(40) { image.member("detail", image.pick(["auto", "low", "high"])) }
                    image.extras()
                }
            default:
                part.member("type", "file")
                part.key("file")
                part.object { file in
                    let type = file.pick(["application/pdf", "image/webp"])
                    file.member("file_data", "data:\(type);base64,\(file.word())")
                    if file.chance(50) { file.member("filename", file.word("file")) }
                    file.extras()
                }
            }
            part.cacheMark()
            part.extras()
        }
    }

    private mutating func assistant() {
        var ids: [String] = []
        object { message in
            message.member("role", "assistant")
            if message.chance(60) { message.member("content", message.word("said")) }
            if message.chance(20) { message.member("refusal", message.word("refused")) }
            if message.chance(30) { message.member("reasoning_content", message.word("thought")) }
            if message.chance(30) { message.thinkingBlocks() }
            if message.chance(50) { ids = message.toolCalls() }
            message.extras()
        }
        for id in ids.shuffled(using: &generator) where chance(90) {
            object { message in
                message.member("role", "tool")
                message.member("tool_call_id", id)
                message.content(texts: true)
                message.cacheMark()
                message.extras()
            }
        }
    }

    private mutating func thinkingBlocks() {
        key("thinking_blocks")
        array { list in
            list.object { block in
                block.member("type", "thinking")
                block.member("thinking", block.word("thinking"))
                block.member("signature", block.word("signature"))
            }
            guard list.chance(40) else { return }
            list.object { block in
                block.member("type", "redacted_thinking")
                block.member("data", block.word("data"))
            }
        }
    }

    private mutating func toolCalls() -> [String] {
        var ids: [String] = []
        key("tool_calls")
        let number = Int.random(in: 1...3, using: &generator)
        array { list in
            for _ in 0..<number {
                let id = list.chance(10) ? "call 1" : list.word("call")
                ids.append(id)
                list.object { call in
                    call.member("id", id)
                    call.member("type", "function")
                    call.key("function")
                    let arguments = call.chance(80) ? "{\"a\":\"\(call.word())\"}" : call.word("broken")
                    call.object { function in
                        function.member("name", function.word(function.chance(10) ? "odd name" : "name"))
                        function.member("arguments", arguments)
                        function.extras()
                    }
                    call.extras()
                }
            }
        }
        return ids
    }

    private mutating func settings() {
        for name in ["max_tokens", "max_completion_tokens"] where chance(40) {
            key(name)
            writer.integer(number())
        }
        for (name, range) in [
            ("temperature", 0.0...2.0), ("top_p", 0.0...1.0), ("presence_penalty", -2.0...2.0),
            ("frequency_penalty", -2.0...2.0),
        ] where chance(30) {
            key(name)
            writer.double(Double.random(in: range, using: &generator))
        }
        for name in ["top_k", "seed"] where chance(30) {
            key(name)
            writer.integer(number())
        }
        if chance(40) {
            let texts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in chance(20) ? " \n" : word("stop") }
            key("stop")
            array { list in
                for text in texts { list.writer.string(text) }
            }
        }
        if chance(40) { member("reasoning_effort", pick(["none", "minimal", "low", "high", "max", word("effort")])) }
        if chance(50) {
            key("stream")
            writer.bool(true)
            key("stream_options")
            object { options in
                options.key("include_obfuscation")
                options.writer.bool(true)
                options.extras()
            }
        }
    }

    private mutating func tools() {
        guard chance(70) else { return }
        var names: [String] = []
        key("tools")
        let number = Int.random(in: 1...3, using: &generator)
        array { list in
            for _ in 0..<number {
                list.object { tool in
                    if tool.chance(15) {
                        tool.member("type", "builtin")
                        return tool.member("builtin", tool.word())
                    }
                    tool.member("type", "function")
                    tool.key("function")
                    tool.object { names.append($0.function()) }
                    tool.cacheMark()
                    tool.extras()
                }
            }
        }
        if chance(50), let name = names.first {
            key("tool_choice")
            if chance(40) {
                object { choice in
                    choice.member("type", "function")
                    choice.key("function")
                    choice.object { $0.member("name", name) }
                }
            } else {
                writer.string(pick(["none", "auto", "required"]))
            }
        }
        if chance(30) {
            key("parallel_tool_calls")
            writer.bool(false)
        }
    }

    private mutating func function() -> String {
        let name = word("tool")
        member("name", name)
        if chance(70) { member("description", word("does")) }
        if chance(80) {
            key("parameters")
            schema()
        }
        if chance(30) {
            key("strict")
            writer.bool(true)
        }
        extras()
        return name
    }

    private mutating func schema() {
        object { schema in
            schema.member("type", "object")
            if schema.chance(30) { schema.member("description", schema.word("schema")) }
            schema.key("properties")
            let field = schema.word("field")
            schema.object { properties in
                properties.key(field)
                properties.object { property in
                    property.member("type", "string")
                    if property.chance(50) { property.member("pattern", property.word("pattern")) }
                    if property.chance(50) {
                        property.key("maxLength")
                        property.writer.integer(property.number())
                    }
                    if property.chance(30) { property.member("format", property.pick(["email", "regex"])) }
                }
            }
            schema.key("required")
            schema.array { $0.writer.string(field) }
        }
    }

    private mutating func shape() {
        guard chance(40) else { return }
        key("response_format")
        object { format in
            guard format.chance(70) else { return format.member("type", format.pick(["text", "json_object"])) }
            format.member("type", "json_schema")
            format.key("json_schema")
            format.object { inner in
                inner.member("name", inner.word("format"))
                if inner.chance(50) { inner.member("description", inner.word("answer")) }
                inner.key("schema")
                inner.schema()
                if inner.chance(50) {
                    inner.key("strict")
                    inner.writer.bool(true)
                }
                inner.extras()
            }
            format.extras()
        }
    }

    private mutating func hints() {
        if chance(30) { member("user", chance(20) ? "\(word())@e.org" : word("user")) }
        if chance(20) { member("safety_identifier", word("safety")) }
        if chance(30) { member("service_tier", pick(["auto", "default", "flex"])) }
        for name in ["verbosity", "prompt_cache_key", "logit_bias", "prediction"] where chance(20) {
            member(name, word("hint"))
        }
        guard chance(30) else { return }
        key("metadata")
        object { $0.member("app", $0.word("app")) }
    }
}

import MartletCore
import MartletWire

/// Writes one request body and collects what has no place in it.
struct GeminiRequestEncoder {
    let request: ChatRequest
    let codec: GeminiCodec
    let traits: GeminiModelTraits
    var dropped = DroppedPaths()
    // Older models take 64 bytes, and names that begin with a letter or `_`.
    var names = AnthropicNames(longestName: 64, beginsWithLetter: true)
    /// Whether a search on the web is asked for by a field that is no tool.
    var searches = false

    init(_ request: ChatRequest, codec: GeminiCodec) {
        self.request = request
        self.codec = codec
        traits = codec.traits ?? GeminiModelTraits(model: request.model ?? "")
        names.register(request.functionNames)
    }

    /// Whether the request was written in this dialect, so that what this codec does not know still means something.
    var isNative: Bool { request.dialect == .gemini }

    mutating func encode() throws(GatewayError) -> EncodedRequest {
        if !isNative { try refuse() }
        let conversation = try conversation()
        let rest = rest()
        let tools = try toolObjects()
        let choice = try functionCallingConfig(hasTools: tools.hasFunctions)
        let settings = try generationConfig(rest.config)
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            if !conversation.system.isEmpty {
                writer.key("systemInstruction")
                Self.write(conversation.system, role: nil, to: &writer)
            }
            writer.key("contents")
            writer.array { writer in
                for content in conversation.contents { Self.write(content.parts, role: content.role, to: &writer) }
            }
            if !tools.objects.isEmpty || isNative && request.tools != nil {
                writer.key("tools")
                writer.array { writer in
                    for tool in tools.objects { writer.raw(tool) }
                }
            }
            if choice != nil || rest.toolConfig != nil {
                writer.key("toolConfig")
                writer.object { writer in
                    writer.member("functionCallingConfig", choice)
                    writer.membersOf(rest.toolConfig)
                }
            }
            if !settings.isEmpty {
                writer.key("generationConfig")
                writer.object { $0.members(settings) }
            }
            writer.members(rest.members)
        }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths, renamedTools: names.renamed)
    }

    private static func write(_ parts: [[UInt8]], role: GeminiConversation.Role?, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("role", role?.rawValue)
            writer.key("parts")
            writer.array { writer in
                for part in parts { writer.raw(part) }
            }
        }
    }

    /// Refuses what would give the caller something else than was asked for.
    private func refuse() throws(GatewayError) {
        if let modalities = request.extra.value("modalities") {
            let asked = modalities.strings ?? ["?"]
            guard asked.allSatisfy({ $0 == "text" || $0 == "image" }) else {
                throw .unsupported("modalities", "This model answers in text and pictures.")
            }
        }
        if request.extra.value("audio") != nil { throw .unsupported("audio", "This model does not speak here.") }
        if request.extra.value("functions") != nil {
            throw .unsupported("functions", "Legacy functions have no form for this model; use tools.")
        }
        try request.refuseToolsOfFreeText()
    }

    /// Members that pass, by the place they have in the body.
    struct Rest {
        var members: [ExtraMember] = []
        /// What else stands in `toolConfig`.
        var toolConfig: JSONText?
        /// What else stands in `generationConfig`.
        var config: [ExtraMember] = []
    }

    private mutating func rest() -> Rest {
        var rest = Rest()
        if isNative {
            for member in request.extra {
                switch member.name {
                case "toolConfig": rest.toolConfig = member.value
                case "generationConfig": rest.config = member.value.objectMembers
                default: rest.members.append(member)
                }
            }
            return rest
        }
        for member in request.extra where !member.isNull {
            switch member.name {
            // The API's own fields, which a caller can only mean for it.
            case "safety_settings", "safetySettings": rest.members.append(renamed(member, "safetySettings"))
            case "cached_content", "cachedContent": rest.members.append(renamed(member, "cachedContent"))
            case "labels": rest.members.append(member)
            case "thinking_config", "thinkingConfig": rest.config.append(renamed(member, "thinkingConfig"))
            case "modalities": takeModalities(member, &rest)
            case "web_search_options":
                searches = true
                dropped.add(member.value.objectMembers, in: member.name)
            case "service_tier": takeTier(member, &rest)
            case "extra_body": takeGoogle(member, &rest)
            default: dropped.add([member], in: "")
            }
        }
        if request.user != nil { dropped.add("user") }
        for pair in request.metadata ?? [] { dropped.add(pair.name, in: "metadata") }
        if let options = request.streamOptions {
            if options.includeObfuscation == true { dropped.add("stream_options.include_obfuscation") }
            dropped.add(options.extra, in: "stream_options")
        }
        return rest
    }

    private func renamed(_ member: ExtraMember, _ name: String) -> ExtraMember {
        ExtraMember(name: name, value: member.value)
    }

    private func takeModalities(_ member: ExtraMember, _ rest: inout Rest) {
        let asked = member.value.strings ?? []
        guard asked.contains("image") else { return }
        let text = asked.contains("text") ? #"["TEXT","IMAGE"]"# : #"["IMAGE"]"#
        rest.config.append(ExtraMember(name: "responseModalities", value: JSONText(text)))
    }

    private mutating func takeTier(_ member: ExtraMember, _ rest: inout Rest) {
        switch member.value.string {
        case "auto": break
        case "default", "standard":
            rest.members.append(renamed(ExtraMember(name: "", value: JSONText(#""standard""#)), "serviceTier"))
        case "flex", "priority": rest.members.append(renamed(member, "serviceTier"))
        default: dropped.add(member.name)
        }
    }

    /// Takes what callers of Google's own chat completions write into `extra_body.google`.
    private mutating func takeGoogle(_ member: ExtraMember, _ rest: inout Rest) {
        for outer in member.value.objectMembers where !outer.isNull {
            guard outer.name == "google" else {
                dropped.add(outer.name, in: member.name)
                continue
            }
            for inner in outer.value.objectMembers where !inner.isNull {
                switch inner.name {
                case "thinking_config": rest.config.append(renamed(inner, "thinkingConfig"))
                case "cached_content": rest.members.append(renamed(inner, "cachedContent"))
                default: dropped.add(inner.name, in: "extra_body.google")
                }
            }
        }
        if member.value.bytes.first != UInt8(ascii: "{") { dropped.add(member.name) }
    }
}

extension JSONText {
    /// The members of an object; none of anything else.
    var objectMembers: [ExtraMember] {
        guard let document = try? JSONDocument(bytes) else { return [] }
        return document.withView { view in
            view.members.compactMap { member in
                member.key.string().map { ExtraMember(name: $0, value: member.value.text) }
            }
        }
    }

    /// The value where it is a string.
    var string: String? { (try? JSONDocument(bytes))?.withView { $0.string() } ?? nil }

    /// The elements where all are strings.
    var strings: [String]? {
        guard let document = try? JSONDocument(bytes) else { return nil }
        return document.withView { view in
            guard view.kind == .array else { return nil }
            var strings: [String] = []
            for element in view.elements {
                guard let text = element.string() else { return nil }
                strings.append(text)
            }
            return strings
        }
    }
}

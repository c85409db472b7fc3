import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Requests of Anthropic's callers lose nothing unnamed on other targets") struct AnthropicCallerLossTests {
    /// A leaf of a document: its path, the last name on it, and its text.
    struct Leaf {
        var path: String
        var name: String
        var text: String
    }

    private static func leaves(_ view: JSONView, _ path: String, _ name: String, _ found: inout [Leaf]) {
        switch view.kind {
        case .object:
            for member in view.members {
                let key = member.key.string() ?? ""
                let clean = String(decoding: key.utf8.map { $0 < 0x7F ? $0 : 0x3F }, as: UTF8.self)
                let isPlain = !key.contains(" ") && clean == key
                let next = isPlain ? (path.isEmpty ? key : "\(path).\(key)") : "\(path)[\"\(clean)\"]"
                leaves(member.value, next, key, &found)
            }
        case .array:
            for (index, element) in view.elements.enumerated() { leaves(element, "\(path)[\(index)]", name, &found) }
        case .null: break
        case .string: found.append(Leaf(path: path, name: name, text: view.string() ?? ""))
        case .number, .true, .false:
            found.append(Leaf(path: path, name: name, text: String(decoding: view.rawBytes, as: UTF8.self)))
        }
    }

    private static func leaves(_ bytes: [UInt8]) throws -> [Leaf] {
        try JSONDocument(bytes).withView { view in
            var found: [Leaf] = []
            leaves(view, "", "", &found)
            return found
        }
    }

    private static func isNamed(_ path: String, _ dropped: [String]) -> Bool {
        dropped.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
    }

    /// Whether a leaf stands in what is sent, word by word, or in another spelling.
    private static func isMapped(_ leaf: Leaf, _ body: String, _ renamed: [String: String], _ target: Dialect) -> Bool {
        if target == .gemini, let isMapped = isInGemini(leaf, body) { return isMapped }
        switch (leaf.name, leaf.text) {
        // What kind of thing something is follows from its form, and an empty signature says nothing.
        case ("role", _), ("media_type", _), ("signature", ""): return true
        case ("strict", "false"), ("is_error", "false"), ("disable_parallel_tool_use", "false"): return true
        case ("is_error", "true"): return body.contains("Error:")
        case ("disable_parallel_tool_use", "true"): return body.contains(#""parallel_tool_calls":false"#)
        case ("service_tier", "auto"): return true
        case ("type", let type) where leaf.path == "tool_choice.type":
            switch type {
            case "any": return body.contains(#""tool_choice":"required""#)
            case "tool": return body.contains(#""tool_choice":{"type":"function""#)
            // What happens anyway where there is no word for it; tools that must not be called are not shown.
            case "none" where !body.contains(#""tools":"#): return true
            default: return body.contains(#""tool_choice":"\#(type)""#) || type == "auto"
            }
        case ("type", let type) where leaf.path == "thinking.type":
            return body.contains(type == "disabled" ? #""think":false"# : #""high""#)
        case ("budget_tokens", _): return body.contains(#""high""#)
        case ("type", _): return true
        case ("name", let name): return body.contains(name) || renamed.values.contains(name)
        // Long ids are cut.
        case ("id", let id), ("tool_use_id", let id): return body.contains(String(id.suffix(36)))
        default: return body.contains(leaf.text)
        }
    }

    /// Whether a leaf stands in what is sent to Gemini, where its word is another one there; `nil` where it is the same.
    private static func isInGemini(_ leaf: Leaf, _ body: String) -> Bool? {
        switch (leaf.name, leaf.text) {
        // The path has both.
        case ("model", _), ("stream", _): true
        case ("is_error", "true"): body.contains(#""response":{"error":"#)
        case ("type", let type) where leaf.path == "tool_choice.type":
            switch type {
            case "any": body.contains(#""mode":"ANY"}"#)
            case "tool": body.contains(#""mode":"ANY","allowedFunctionNames""#)
            case "none": body.contains(#""mode":"NONE""#) || !body.contains(#""tools":"#)
            default: true
            }
        // What a model that cannot think does anyway.
        case ("type", "disabled") where leaf.path == "thinking.type": true
        default: nil
        }
    }

    @Test(arguments: [Dialect.openAIChat, .ollamaChat, .gemini])
    func `in hundreds of made-up ones`(_ target: Dialect) throws {
        let codec = try #require(target.codec(CodecSettings(account: "there")))
        for seed: UInt64 in 1...200 {
            let body = GeneratedMessages.body(seed: seed)
            let request = try AnthropicMessagesCodec().decodeRequest(body)
            let encoded = try codec.encodeRequest(request)
            let text = String(decoding: encoded.body, as: UTF8.self)
            let known = try Self.leaves(body)
            for leaf in known {
                let isFound =
                    Self.isNamed(leaf.path, encoded.dropped) || Self.isMapped(leaf, text, encoded.renamedTools, target)
                #expect(isFound, "seed \(seed): \(leaf.path) = \(leaf.text)")
            }
            for path in encoded.dropped {
                let isThere = known.contains { Self.isNamed($0.path, [path]) }
                #expect(isThere, "seed \(seed): \(path) is named but not there")
            }
            #expect(encoded.dropped.allSatisfy { $0.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } })
            // Nothing that only Anthropic knows goes along.
            for word in ["cache_control", "tool_use_id", "input_schema", "defer_loading", "x_extra", "citations"] {
                #expect(!text.contains(word), "seed \(seed): \(word)")
            }
        }
    }

    @Test func `and lose nothing of their own in their own format`() throws {
        let codec = AnthropicMessagesCodec()
        for seed: UInt64 in 401...600 {
            let body = GeneratedMessages.body(seed: seed)
            let sent = try codec.encodeRequest(codec.decodeRequest(body))
            // Thinking without a signature is another vendor's, and nobody knows what stands beside a message's content.
            let known = try Self.leaves(body)
            for path in sent.dropped {
                let below = known.filter { Self.isNamed($0.path, [path]) }
                let isForeign = below.contains { $0.name == "signature" && $0.text.isEmpty }
                #expect(isForeign || !path.contains(".content") && below.count == 1, "seed \(seed): \(path)")
            }
            let again = try codec.encodeRequest(codec.decodeRequest(sent.body))
            #expect(again.dropped.isEmpty, "seed \(seed)")
            #expect(try canonical(again.body) == canonical(sent.body), "seed \(seed)")
        }
    }
}

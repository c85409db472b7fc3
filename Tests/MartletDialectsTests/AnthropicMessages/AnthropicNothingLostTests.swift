import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic requests lose nothing unnamed") struct AnthropicNothingLostTests {
    /// A leaf of a document.
    struct Leaf {
        var path: String
        /// The last name on the path.
        var name: String
        var text: String
    }

    private static func leaves(_ view: JSONView, _ path: String, _ name: String, _ found: inout [Leaf]) {
        switch view.kind {
        case .object:
            for member in view.members {
                let key = member.key.string() ?? ""
                // The paths of names that cannot stand in a header are quoted and cleaned.
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

    /// Whether the path or one above it is named.
    private static func isNamed(_ path: String, _ dropped: [String]) -> Bool {
        dropped.contains { name in
            path == name || path.hasPrefix(name + ".") || path.hasPrefix(name + "[")
        }
    }

    /// Whether the leaf's value stands in what is sent, word by word; or is one that is sent in another spelling.
    private static func isMapped(_ leaf: Leaf, _ sent: [Leaf], _ body: String) -> Bool {
        func has(_ path: String, _ text: String? = nil) -> Bool {
            sent.contains { $0.path == path && (text == nil || $0.text == text) }
        }
        switch (leaf.name, leaf.text) {
        // An empty text says nothing.
        case ("content", ""), ("text", ""): return true
        // What kind of thing something is follows from its form.
        case ("role", _), ("type", _): return true
        case ("mode", "explicit"), ("ttl", _): return body.contains(#""cache_control":{"type":"ephemeral""#)
        case ("detail", "auto"): return true
        case ("strict", "true"):
            return leaf.path.hasPrefix("response_format")
                ? has("output_config.format.type") : body.contains(#""strict":true"#)
        case ("parallel_tool_calls", "false"):
            return has("tool_choice.disable_parallel_tool_use", "true") || has("tool_choice.type", "none")
                || !body.contains(#""tools":"#)
        case ("tool_choice", let choice):
            let type = choice == "required" ? "any" : choice
            return has("tool_choice.type", type) || type != "any" && !body.contains(#""tools":"#)
        case ("reasoning_effort", let effort):
            if effort == "none" { return has("thinking.type", "disabled") || !body.contains(#""thinking":{"#) }
            return has("thinking.budget_tokens") || has("output_config.effort", effort == "minimal" ? "low" : effort)
        case ("service_tier", let tier): return has("service_tier", tier == "default" ? "standard_only" : tier)
        case ("stream", _), ("model", _): return has(leaf.path, leaf.text)
        case ("presence_penalty", "0.0"), ("frequency_penalty", "0.0"): return true
        default: break
        }
        let text =
            leaf.name == "url" || leaf.name == "file_data"
            ? leaf.text.split(separator: ",").last.map(String.init) ?? "" : leaf.text
        if let number = Double(text) { return sent.contains { Double($0.text) == number || $0.text.contains(text) } }
        // Ids and names are sent with other characters in place of those the API refuses.
        let clean = leaf.name == "name" || leaf.name.hasSuffix("id") ? text.replacing(" ", with: "_") : text
        return sent.contains { $0.text.contains(clean) || $0.path.contains(clean) }
            || leaf.name == "arguments" && sent.contains { text.contains($0.text) && $0.path.contains(".input.") }
    }

    @Test(arguments: [AnthropicVersion.june2023, .october2026])
    func `in hundreds of made-up ones`(_ version: AnthropicVersion) throws {
        let codec = AnthropicMessagesCodec(version: version)
        var refused = 0
        for seed: UInt64 in 1...400 {
            let body = GeneratedRequest.body(seed: seed)
            let request = try OpenAIChatCodec().decodeRequest(body)
            let encoded: EncodedRequest
            do throws(GatewayError) {
                encoded = try codec.encodeRequest(request)
            } catch {
                // A refusal names the member; only a conversation without a word is refused here.
                #expect(error.param == "messages", "seed \(seed)")
                refused += 1
                continue
            }
            let sent = try Self.leaves(encoded.body)
            let text = String(decoding: encoded.body, as: UTF8.self)
            let known = try Self.leaves(body)
            for leaf in known {
                let isFound = Self.isNamed(leaf.path, encoded.dropped) || Self.isMapped(leaf, sent, text)
                #expect(isFound, "seed \(seed): \(leaf.path) = \(leaf.text)")
            }
            for path in encoded.dropped {
                #expect(
                    known.contains { Self.isNamed($0.path, [path]) },
                    "seed \(seed): \(path) is named but not there"
                )
            }
            #expect(encoded.dropped.allSatisfy { $0.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } })
            try Self.checkRules(encoded.body, seed)
        }
        #expect(refused < 20)
    }

    /// What the API refuses whatever the request.
    private static func checkRules(_ body: [UInt8], _ seed: UInt64) throws {
        let codec = AnthropicMessagesCodec()
        let request = try codec.decodeRequest(body)
        let text = String(decoding: body, as: UTF8.self)
        #expect(!text.contains(":null") && !text.contains(#""text":"""#) && !text.contains(#""description":"""#))
        #expect(text.split(separator: #""cache_control""#).count <= 5, "seed \(seed)")
        let turns = request.messages.filter { $0.role != .system }
        for (turn, next) in zip(turns, turns.dropFirst()) where turn.role == .assistant {
            #expect(next.role == .user, "seed \(seed)")
            let answered = next.parts.prefix(turn.toolCalls.count).map { part in
                if case .toolResult(let result) = part { result.callID } else { "" }
            }
            #expect(answered == turn.toolCalls.map(\.id), "seed \(seed)")
        }
        let ids = turns.flatMap(\.toolCalls).map(\.id)
        #expect(Set(ids).count == ids.count, "seed \(seed)")
    }

    @Test func `and come through their own format unchanged`() throws {
        let codec = AnthropicMessagesCodec()
        for seed: UInt64 in 401...600 {
            let body = GeneratedRequest.body(seed: seed)
            guard let sent = try? codec.encodeRequest(OpenAIChatCodec().decodeRequest(body)).body else { continue }
            let again = try codec.encodeRequest(codec.decodeRequest(sent))
            #expect(again.dropped.isEmpty, "seed \(seed)")
            #expect(try canonical(again.body) == canonical(sent), "seed \(seed)")
        }
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Converse requests lose nothing unnamed") struct ConverseNothingLostTests {
    static let models = [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-3-haiku-20240307-v1:0",
        "amazon.nova-2-lite-v1:0", "meta.llama3-3-70b-instruct-v1:0", "mistral.mistral-7b-instruct-v0:2",
    ]

    /// Whether a leaf stands in what is sent, word by word, or in another spelling.
    private static func isMapped(_ leaf: NamedLeaf, _ sent: [NamedLeaf], _ body: String) -> Bool {
        func has(_ path: String, _ text: String) -> Bool { sent.contains { $0.path == path && $0.text == text } }
        let fields = "additionalModelRequestFields"
        switch (leaf.name, leaf.text) {
        // An empty text says nothing; what kind of thing something is follows from its form.
        case ("content", ""), ("text", ""), ("role", _), ("type", _): return true
        // Both stand in the path.
        case ("model", _), ("stream", _): return true
        case ("mode", "explicit"), ("ttl", _): return body.contains(#"{"cachePoint":{"type":"default""#)
        case ("detail", "auto"), ("strict", "false"): return true
        case ("strict", "true"): return body.contains(#""strict":true"#) || leaf.path.hasPrefix("response_format")
        case ("parallel_tool_calls", "false"):
            return has("\(fields).tool_choice.disable_parallel_tool_use", "true") || !body.contains(#""toolSpec""#)
                || body.contains("Do not call any tool in this answer.")
        case ("tool_choice", "required"):
            return body.contains(#""toolChoice":{"any":{}}"#) || has("\(fields).tool_choice.type", "any")
        case ("tool_choice", "none"): return !body.contains(#""toolSpec""#)
        case ("tool_choice", _): return true
        case ("reasoning_effort", "none"): return true
        case ("reasoning_effort", let effort):
            return body.contains(#""budget_tokens":"#) || body.contains(#""effort":"#)
                || has("\(fields).reasoningConfig.maxReasoningEffort", effort)
        case ("service_tier", "auto"): return true
        case ("service_tier", let tier): return has("serviceTier.type", tier)
        case ("presence_penalty", "0.0"), ("frequency_penalty", "0.0"): return true
        case ("include_usage", _): return true
        default: break
        }
        let text = leaf.text.hasPrefix("data:") ? String(leaf.text.drop { $0 != "," }.dropFirst()) : leaf.text
        if let number = Double(text) {
            return sent.contains { Double($0.text) == number || $0.text.contains(text) }
        }
        // Ids, names of tools and names of documents are sent with other characters in place of those refused.
        let clean = String(text.map { $0 == " " || $0 == "." || $0 == "_" ? "-" : $0 })
        return sent.contains { part in
            part.text.contains(text) || part.path.contains(text)
                || String(part.text.map { $0 == " " || $0 == "." || $0 == "_" ? "-" : $0 }).contains(clean)
        } || leaf.name == "arguments" && sent.contains { text.contains($0.text) && $0.path.contains(".input.") }
    }

    @Test(arguments: models) func `of OpenAI's callers`(_ model: String) throws {
        let codec = BedrockConverseCodec(origin: "here", model: model)
        var refused = 0
        for seed: UInt64 in 1...150 {
            // What stands at an address was fetched before.
            let text = String(decoding: GeneratedRequest.body(seed: seed), as: UTF8.self)
            let body = Array(text.replacing("https://e.org/", with: "data:image/png;base64,").utf8)
            var request = try OpenAIChatCodec().decodeRequest(body)
            request.model = model
            let encoded: EncodedRequest
            do throws(GatewayError) {
                encoded = try codec.encodeRequest(request)
            } catch {
                // A refusal names the member; only a conversation without a word is refused here.
                #expect(error.param == "messages", "seed \(seed): \(error)")
                refused += 1
                continue
            }
            try check(encoded, NamedLeaf.all(body), seed)
        }
        #expect(refused < 10)
    }

    @Test(arguments: models.dropFirst(2)) func `of Anthropic's callers`(_ model: String) throws {
        let codec = BedrockConverseCodec(origin: "here", model: model)
        for seed: UInt64 in 1...150 {
            let text = String(decoding: GeneratedMessages.body(seed: seed), as: UTF8.self)
            let body = Array(text.utf8)
            var request = try AnthropicMessagesCodec().decodeRequest(body)
            request.model = model
            request.fetched()
            let encoded = try codec.encodeRequest(request)
            for path in encoded.dropped {
                let isThere = try NamedLeaf.all(body).contains { $0.isNamed(in: [path]) }
                #expect(isThere, "seed \(seed): \(path) is named but not there")
            }
            // Nothing that only Anthropic knows goes along.
            let sent = String(decoding: encoded.body, as: UTF8.self)
            for word in ["cache_control", "tool_use_id", "input_schema", "defer_loading", "x_extra"] {
                #expect(!sent.contains(word), "seed \(seed): \(word)")
            }
            try checkRules(encoded.body, seed)
        }
    }

    private func check(_ encoded: EncodedRequest, _ known: [NamedLeaf], _ seed: UInt64) throws {
        let sent = try NamedLeaf.all(encoded.body)
        let text = String(decoding: encoded.body, as: UTF8.self)
        for leaf in known {
            let isFound = leaf.isNamed(in: encoded.dropped) || Self.isMapped(leaf, sent, text)
            #expect(isFound, "seed \(seed): \(leaf.path) = \(leaf.text)")
        }
        for path in encoded.dropped {
            #expect(known.contains { $0.isNamed(in: [path]) }, "seed \(seed): \(path) is named but not there")
        }
        #expect(encoded.dropped.allSatisfy { $0.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } })
        try checkRules(encoded.body, seed)
    }

    /// What the service refuses whatever the request.
    private func checkRules(_ body: [UInt8], _ seed: UInt64) throws {
        let request = try BedrockConverseCodec().decodeRequest(body)
        let text = String(decoding: body, as: UTF8.self)
        #expect(!text.contains(":null") && !text.contains(#""text":"""#) && !text.contains(#""description":"""#))
        #expect(text.split(separator: #""cachePoint""#).count <= 5, "seed \(seed)")
        let turns = request.messages.filter { $0.role != .system }
        #expect(turns.first?.role == .user, "seed \(seed)")
        for (turn, next) in zip(turns, turns.dropFirst()) {
            #expect(turn.role != next.role, "seed \(seed)")
            // Cache points may stand between the results.
            let answered = next.parts.compactMap { part in
                if case .toolResult(let result) = part { result.callID } else { nil }
            }
            #expect(answered == turn.toolCalls.map(\.id), "seed \(seed)")
        }
        let calls = turns.flatMap(\.toolCalls)
        #expect(Set(calls.map(\.id)).count == calls.count, "seed \(seed)")
        #expect(calls.allSatisfy { 1...64 ~= $0.id.utf8.count }, "seed \(seed)")
        #expect(calls.isEmpty || request.tools?.isEmpty == false, "seed \(seed)")
    }

    @Test func `and come through their own format unchanged`() throws {
        let codec = BedrockConverseCodec(model: Self.models[0])
        for seed: UInt64 in 401...500 {
            let text = String(decoding: GeneratedRequest.body(seed: seed), as: UTF8.self)
            let body = Array(text.replacing("https://e.org/", with: "data:image/png;base64,").utf8)
            guard let sent = try? codec.encodeRequest(OpenAIChatCodec().decodeRequest(body)).body else { continue }
            let again = try codec.encodeRequest(codec.decodeRequest(sent))
            #expect(again.dropped.isEmpty, "seed \(seed)")
            #expect(try canonical(again.body) == canonical(sent), "seed \(seed)")
        }
    }
}

extension ChatRequest {
    /// Puts bytes in the place of addresses, as the request path does.
    fileprivate mutating func fetched() {
        func fetch(_ parts: inout [ChatPart]) {
            for index in parts.indices {
                switch parts[index] {
                case .image(var image):
                    if !image.url.hasPrefix("data:") { image.url = "data:image/png;base64,AAAA" }
                    parts[index] = .image(image)
                case .file(var file):
                    if file.dataURL == nil { (file.dataURL, file.url) = ("data:application/pdf;base64,AAAA", nil) }
                    parts[index] = .file(file)
                case .toolResult(var result):
                    fetch(&result.content)
                    parts[index] = .toolResult(result)
                default: break
                }
            }
        }
        for index in messages.indices { fetch(&messages[index].parts) }
    }
}

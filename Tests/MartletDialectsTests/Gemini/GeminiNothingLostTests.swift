import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Gemini requests lose nothing unnamed") struct GeminiNothingLostTests {
    /// Whether a leaf stands in what is sent, word by word, or in another spelling.
    private static func isMapped(_ leaf: NamedLeaf, _ sent: [NamedLeaf], _ body: String) -> Bool {
        switch (leaf.name, leaf.text) {
        // An empty text says nothing, and what kind of thing something is follows from its form.
        case ("content", ""), ("text", ""), ("role", _), ("type", _), ("detail", "auto"): return true
        // The path has both.
        case ("model", _), ("stream", _): return true
        case ("strict", "true"):
            return leaf.path.hasPrefix("response_format")
                ? body.contains("responseJsonSchema") : body.contains("VALIDATED") || body.contains(#""mode":"#)
        case ("parallel_tool_calls", "false"): return !body.contains(#""tools":"#)
        case ("tool_choice", let choice):
            let mode = choice == "required" ? "ANY" : choice == "none" ? "NONE" : ""
            return body.contains(#""mode":"\#(mode)"#) || !body.contains(#""tools":"#)
        case ("reasoning_effort", let effort):
            return body.contains(#""thinkingLevel":"\#(effort == "max" ? "HIGH" : effort.uppercased())""#)
        case ("service_tier", let tier):
            return tier == "auto" || body.contains(#""serviceTier":"\#(tier == "default" ? "standard" : tier)""#)
        case ("presence_penalty", "0.0"), ("frequency_penalty", "0.0"): return true
        default: break
        }
        let text =
            leaf.name == "url" || leaf.name == "file_data"
            ? leaf.text.split(separator: ",").last.map(String.init) ?? "" : leaf.text
        if let number = Double(text) { return sent.contains { Double($0.text) == number || $0.text.contains(text) } }
        let clean = leaf.name == "name" ? text.replacing(" ", with: "_") : text
        return sent.contains { $0.text.contains(clean) || $0.path.contains(clean) }
            || leaf.name == "arguments" && sent.contains { text.contains($0.text) && $0.path.contains(".args.") }
    }

    @Test func `in hundreds of made-up ones`() throws {
        let codec = GeminiCodec(traits: GeminiModelTraits(model: "gemini-3.5-flash"), origin: "here")
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
            let sent = try NamedLeaf.all(encoded.body)
            let text = String(decoding: encoded.body, as: UTF8.self)
            let known = try NamedLeaf.all(body)
            for leaf in known {
                let isFound = leaf.isNamed(in: encoded.dropped) || Self.isMapped(leaf, sent, text)
                #expect(isFound, "seed \(seed): \(leaf.path) = \(leaf.text)")
            }
            for path in encoded.dropped {
                let isThere = known.contains { $0.isNamed(in: [path]) }
                #expect(isThere, "seed \(seed): \(path) is named but not there")
            }
            #expect(encoded.dropped.allSatisfy { $0.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } })
            try Self.checkRules(encoded.body, seed)
        }
        #expect(refused < 20)
    }

    /// What the API refuses whatever the request.
    private static func checkRules(_ body: [UInt8], _ seed: UInt64) throws {
        try JSONDocument(body).withView { view in
            var role = ""
            var calls: [String] = []
            for content in view.member("contents")?.elements.map({ $0 }) ?? [] {
                let next = content.member("role")?.string() ?? ""
                #expect(next != role && !next.isEmpty, "seed \(seed): turns do not alternate")
                role = next
                let parts = content.member("parts")?.elements.map { $0 } ?? []
                #expect(!parts.isEmpty, "seed \(seed): a content without parts")
                let answers = parts.compactMap { $0.member("functionResponse")?.member("id")?.string() }
                #expect(answers == calls, "seed \(seed): calls and results differ")
                calls = parts.compactMap { $0.member("functionCall")?.member("id")?.string() }
                if let first = parts.first(where: { $0.member("functionCall") != nil }) {
                    #expect(first.member("thoughtSignature") != nil, "seed \(seed): the first call is not signed")
                }
            }
            #expect(calls.isEmpty, "seed \(seed): calls without results")
            let text = String(decoding: body, as: UTF8.self)
            #expect(!text.contains(":null") && !text.contains(#""description":"""#), "seed \(seed)")
        }
    }

    @Test func `and come through their own format unchanged`() throws {
        let codec = GeminiCodec(traits: GeminiModelTraits(model: "gemini-3.5-flash"), origin: "here")
        for seed: UInt64 in 401...600 {
            let body = GeneratedRequest.body(seed: seed)
            guard let sent = try? codec.encodeRequest(OpenAIChatCodec().decodeRequest(body)).body else { continue }
            let again = try codec.encodeRequest(codec.decodeRequest(sent))
            #expect(again.dropped.isEmpty, "seed \(seed)")
            #expect(try canonical(again.body) == canonical(sent), "seed \(seed)")
        }
    }
}

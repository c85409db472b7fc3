import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Requests to and from OpenAI responses lose nothing unnamed") struct ResponsesNothingLostTests {
    /// Whether a leaf of a chat completion's request stands in what is sent, word by word or in another spelling.
    private static func isMapped(_ leaf: NamedLeaf, _ sent: [NamedLeaf], _ body: String) -> Bool {
        switch (leaf.name, leaf.text) {
        // An empty text says nothing.
        case ("content", ""), ("text", ""): return true
        // What kind of thing something is follows from its form.
        case ("role", _), ("type", _): return true
        case ("detail", "auto"), ("presence_penalty", "0.0"), ("frequency_penalty", "0.0"): return true
        case ("parallel_tool_calls", _):
            return !body.contains(#""tools":"#) || body.contains(#""parallel_tool_calls":"#)
        case ("tool_choice", "auto"), ("tool_choice", "none"):
            return !body.contains(#""tools":"#) || body.contains(#""tool_choice":"\#(leaf.text)""#)
        case ("stream", _), ("strict", _), ("store", _): return body.contains("\"\(leaf.name)\":\(leaf.text)")
        case ("arguments", ""): return body.contains(#""arguments":"{}""#)
        // The API takes no smaller limit, and the older of two is named.
        default: break
        }
        if let number = Double(leaf.text) {
            return sent.contains { Double($0.text) == number } || body.contains(leaf.text)
        }
        let clean = leaf.name == "name" || leaf.name.hasSuffix("id") ? leaf.text.replacing(" ", with: "_") : leaf.text
        return sent.contains { $0.text.contains(leaf.text) || $0.text.contains(clean) || $0.path.contains(leaf.text) }
    }

    @Test func `in hundreds of made-up chat completions`() throws {
        let codec = OpenAIResponsesCodec(origin: "here")
        var refused: [String: Int] = [:]
        for seed: UInt64 in 1...400 {
            let body = GeneratedRequest.body(seed: seed)
            let request = try OpenAIChatCodec().decodeRequest(body)
            let encoded: EncodedRequest
            do throws(GatewayError) {
                encoded = try codec.encodeRequest(request)
            } catch {
                refused[error.param ?? "", default: 0] += 1
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
                #expect(known.contains { $0.isNamed(in: [path]) }, "seed \(seed): \(path) is named but not there")
            }
            #expect(encoded.dropped.allSatisfy { $0.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } })
            // What was sent is read and sent again unchanged.
            let again = try codec.encodeRequest(codec.decodeRequest(encoded.body))
            #expect(again.dropped.isEmpty, "seed \(seed)")
            #expect(try canonical(again.body) == canonical(encoded.body), "seed \(seed)")
        }
        // Nothing but texts that end the answer is refused.
        #expect(Set(refused.keys).isSubset(of: ["stop"]), "\(refused)")
    }

    @Test(arguments: [Dialect.openAIChat, .anthropicMessages])
    func `in hundreds of made-up responses`(_ target: Dialect) throws {
        let codec = OpenAIResponsesCodec(origin: "here")
        for seed: UInt64 in 1...400 {
            let body = GeneratedResponsesRequest.body(seed: seed)
            let request = try codec.decodeRequest(body)
            #expect(try leaves(codec.encodeRequest(request).body) == leaves(body), "seed \(seed)")
            let lowered = try request.lowered(for: target)
            let encoded: EncodedRequest
            if target == .openAIChat {
                encoded = try OpenAIChatCodec().encodeRequest(lowered.request)
            } else {
                encoded = try AnthropicMessagesCodec(origin: "here").encodeRequest(lowered.request)
            }
            let dropped = lowered.dropped + encoded.dropped.map(lowered.callerPath)
            let sent = try NamedLeaf.all(encoded.body)
            let text = String(decoding: encoded.body, as: UTF8.self)
            let known = try NamedLeaf.all(body)
            for leaf in known {
                let isFound = leaf.isNamed(in: dropped) || Self.isLowered(leaf, known, sent, text, dropped)
                #expect(isFound, "seed \(seed): \(leaf.path) = \(leaf.text), dropped \(dropped)")
            }
            for path in dropped where path != "input[reasoning]" {
                #expect(known.contains { $0.isNamed(in: [path]) }, "seed \(seed): \(path) is named but not there")
            }
            #expect(dropped.allSatisfy { $0.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } })
        }
    }

    /// Whether a leaf of a responses request is sent, or is the gateway's own business.
    private static func isLowered(
        _ leaf: NamedLeaf,
        _ all: [NamedLeaf],
        _ sent: [NamedLeaf],
        _ body: String,
        _ dropped: [String]
    ) -> Bool {
        switch leaf.name {
        // The gateway keeps and repeats these itself.
        case "store", "summary", "include", "truncation", "id", "status", "phase", "annotations": return true
        case "namespace": return body.contains(leaf.text + "__")
        default: break
        }
        if leaf.path.hasPrefix("metadata.") { return true }
        // Schemas of free-text tools stand in descriptions, strictness that is said is said.
        if leaf.path.contains(".format.") && leaf.path.hasPrefix("tools") {
            return leaf.name == "type" || body.contains(leaf.text)
        }
        let item = leaf.path.hasPrefix("input[") ? String(leaf.path.prefix { $0 != "]" }) + "]" : ""
        let isReasoning = all.contains { $0.path == item + ".type" && $0.text == "reasoning" }
        if isReasoning, dropped.contains("input[reasoning]") { return true }
        if leaf.name == "effort" {
            return body.contains("\"reasoning_effort\":\"\(leaf.text)\"") || body.contains(#""thinking":{"#)
                || body.contains(#""effort":"#)
        }
        // Some formats hold arguments as an object, and data apart from its media type.
        if leaf.name == "arguments" || leaf.name == "file_data" || leaf.name == "image_url" {
            let end = leaf.text.split { $0 == "," || $0 == ":" }.last.map { $0.filter { $0 != "\"" && $0 != "}" } }
            return end.map { body.contains($0) } ?? false
        }
        if leaf.name == "tool_choice" { return body.contains("tool_choice") || !body.contains(#""tools":"#) }
        return isMapped(leaf, sent, body)
    }
}

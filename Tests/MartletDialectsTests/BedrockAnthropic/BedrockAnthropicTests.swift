import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic's messages by InvokeModel") struct BedrockAnthropicTests {
    private func encoded(_ body: String, betas: [String] = []) throws -> EncodedRequest {
        let request = try AnthropicMessagesCodec().decodeRequest(Array(body.utf8))
        return try BedrockAnthropicCodec(origin: "here", betas: betas).encodeRequest(request)
    }

    @Test func `are sent as they came, in their envelope`() throws {
        let rest = #"""
            "max_tokens":9,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
            "messages":[{"role":"user","content":[{"type":"text","text":"a","citations":[]},
             {"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]}]}],
            "tools":[{"type":"bash_20250124","name":"bash"},{"name":"f","input_schema":{"type":"object"}}],
            "thinking":{"type":"enabled","budget_tokens":1024},"top_k":5,"context_management":{"edits":[]}
            """#
        let sent = try encoded(#"{"model":"claude","stream":true,\#(rest)}"#, betas: ["context-management-2025-06-27"])
        let expected =
            #"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["context-management-2025-06-27"],\#(rest)}"#
        #expect(try canonical(sent.body) == canonical(Array(expected.utf8)))
        #expect(sent.dropped.isEmpty && sent.headers.isEmpty)
        // And are read as they were.
        let again = try BedrockAnthropicCodec().decodeRequest(sent.body)
        #expect(again.extra.allSatisfy { !$0.name.hasPrefix("anthropic_") })
    }

    @Test func `name what does not go in`() throws {
        let sent = try encoded(
            #"""
            {"model":"m","max_tokens":9,"service_tier":"standard_only","inference_geo":"us","mcp_servers":[{}],
             "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","scope":"global"}}],
             "messages":[{"role":"user","content":[{"type":"text","text":"a",
              "cache_control":{"scope":"global","type":"ephemeral"}}]}]}
            """#,
            betas: ["oauth-2025-04-20", "interleaved-thinking-2025-05-14"]
        )
        let expected: Set = [
            "anthropic-beta.oauth-2025-04-20", "service_tier", "inference_geo", "mcp_servers",
            "system[0].cache_control.scope", "messages[0].content[0].cache_control.scope",
        ]
        #expect(Set(sent.dropped) == expected && sent.dropped.count == expected.count)
        let text = String(decoding: sent.body, as: UTF8.self)
        #expect(!text.contains("global") && text.contains(#""anthropic_beta":["interleaved-thinking-2025-05-14"]"#))
    }

    @Test func `put guardrails and tiers into the head`() throws {
        let sent = try encoded(
            #"""
            {"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],
             "guardrailConfig":{"guardrailIdentifier":"abc","guardrailVersion":"1","trace":"enabled_full",
              "streamProcessingMode":"sync"},
             "performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"}}
            """#
        )
        let expected = [
            EncodedRequest.Header("x-amzn-bedrock-guardrailidentifier", "abc"),
            EncodedRequest.Header("x-amzn-bedrock-guardrailversion", "1"),
            EncodedRequest.Header("x-amzn-bedrock-trace", "ENABLED_FULL"),
            EncodedRequest.Header("x-amzn-bedrock-performanceconfig-latency", "optimized"),
            EncodedRequest.Header("x-amzn-bedrock-service-tier", "flex"),
        ]
        #expect(sent.headers == expected)
        #expect(sent.dropped == ["guardrailConfig.streamProcessingMode"])
        let evil = try encoded(
            #"{"model":"m","max_tokens":9,"messages":[],"performanceConfig":{"latency":"a\r\nx: y"}}"#
        )
        #expect(evil.headers.isEmpty && evil.dropped == ["performanceConfig.latency"])
    }

    @Test func `stream in frames of base64, however they are cut`() throws {
        let plain = Fixture.all("AnthropicMessages/streams").filter { !$0.name.contains("-cr") }
        #expect(plain.count > 10)
        let codec = BedrockAnthropicCodec(origin: "here")
        for fixture in plain {
            let expected = decoded([fixture.bytes], with: AnthropicMessagesCodec(origin: "here"))
            guard expected.failure == nil else { continue }
            var parser = SSEParser()
            var frames: [UInt8] = []
            for event in try parser.feed(fixture.bytes) {
                let payload = #"{"bytes":"\#(base64(event.data))","p":"abc"}"#
                AWSEventMessage(event: "chunk", payload: Array(payload.utf8)).append(to: &frames)
            }
            for reads in cuts(of: frames, seeds: 1...4) {
                let got = decoded(reads, with: codec)
                #expect(got.chunks == expected.chunks && got.failure == nil, "\(fixture.name)")
            }
            var encoder = codec.makeStreamEncoder(includeUsage: true)
            var again: [UInt8] = []
            for chunk in expected.chunks { encoder.encode(chunk, into: &again) }
            encoder.finish(into: &again)
            #expect(decoded([again], with: codec).failure == nil, "\(fixture.name)")
        }
    }

    @Test func `refuse frames without an event, and tell exceptions`() {
        let codec = BedrockAnthropicCodec()
        for payload in ["{}", #"{"bytes":"A"}"#, #"{"bytes":"AA=A"}"#, #"{"bytes":"=AAA"}"#, #"{"bytes":7}"#, "x"] {
            guard case .malformed? = decoded([eventFrames("chunk \(payload)")], with: codec).failure else {
                Issue.record("\(payload) is taken")
                continue
            }
        }
        let said = decoded([eventFrames(#"!throttlingException {"message":"slow"}"#)], with: codec)
        #expect(said.chunks.last?.error?.code == "429")
    }

    private func base64(_ data: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: data.count, by: 3) {
            let group = data[start..<min(start + 3, data.count)]
            let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for place in 0..<4 { text.append(place <= group.count ? letters[bits >> (18 - 6 * place) & 63] : "=") }
        }
        return text
    }
}

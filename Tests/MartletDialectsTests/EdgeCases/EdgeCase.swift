import MartletCore
import MartletDialects
import MartletWire
import Testing

/// Short forms for requests and streams that go from one format to another.
enum EdgeCase {
    /// What Claude is sent for a request in OpenAI's format: one model that takes all, unless another is named.
    static func anthropic(
        _ messages: String,
        _ members: String = "",
        model: String = "claude-sonnet-4-5",
        origin: String? = nil
    ) throws -> (leaves: [String: String], dropped: [String], renamed: [String: String]) {
        let body = #"{"model":"\#(model)","messages":[\#(messages)]\#(members.isEmpty ? "" : "," + members)}"#
        let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
        let encoded = try AnthropicMessagesCodec(origin: origin).encodeRequest(request)
        return (try leaves(encoded.body), encoded.dropped, encoded.renamedTools)
    }

    /// What Ollama is sent for a request in OpenAI's format.
    static func ollama(_ messages: String, _ members: String = "") throws -> [String: String] {
        let body = #"{"messages":[\#(messages)]\#(members.isEmpty ? "" : "," + members)}"#
        let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
        return try leaves(OllamaChatCodec().encodeRequest(request).body)
    }

    /// The chunks of a stream in OpenAI's format, of which each line is one event, and how it failed.
    static func openAIChunks(_ events: [String]) -> (chunks: [ChatChunk], failure: ChatFailure?) {
        let bytes = Array(events.map { "data: \($0)\n\n" }.joined().utf8)
        let decoded = Decoded([bytes])
        return (decoded.chunks, decoded.failure)
    }

    /// Chunks as a stream of a format, ended well.
    static func stream(_ chunks: [ChatChunk], _ codec: some ChatCodec) -> String {
        var encoder = codec.makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The chunks of a stream of the corpus in Anthropic's format.
    static func anthropicChunks(_ name: String, origin: String? = nil) throws -> AnthropicDecoded {
        let fixture = try Fixture.named(name, in: "AnthropicMessages/streams")
        return AnthropicDecoded([fixture.bytes], origin: origin)
    }

    static let user = #"{"role":"user","content":"?"}"#

    static func calls(_ names: String..., arguments: String = "{}") -> String {
        let calls = names.map {
            #"{"id":"\#($0)","type":"function","function":{"name":"f\#($0)","arguments":"\#(arguments)"}}"#
        }
        return #"{"role":"assistant","content":null,"tool_calls":[\#(calls.joined(separator: ","))]}"#
    }

    static func result(_ id: String, _ content: String = #""r""#) -> String {
        #"{"role":"tool","tool_call_id":"\#(id)","content":\#(content)}"#
    }

    static func chunk(_ delta: String, _ reason: String = "null") -> String {
        #"{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{\#(delta)},"#
            + #""finish_reason":\#(reason)}]}"#
    }
}

extension String {
    /// How often a text stands in this one.
    func count(of text: String) -> Int { split(separator: text, omittingEmptySubsequences: false).count - 1 }
}

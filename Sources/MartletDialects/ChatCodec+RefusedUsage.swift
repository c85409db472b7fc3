public import MartletCore
import MartletWire

// What a whole answer used that is of no use to the caller: it tells of a failure, or breaks the format in another member.
// The provider bills it all the same.

extension ChatCodec {
    /// Reads the usage of such an answer where it has the shape of OpenAI's chat completions.
    public func usage(ofRefused body: [UInt8]) -> Usage? { body.usage { ChatUsage.find(in: $0) } }
}

extension LeavingOutCodec {
    func usage(ofRefused body: [UInt8]) -> Usage? { base.usage(ofRefused: body) }
}

extension GeminiCodec {
    /// Reads `usageMetadata`, which stands beside calls that the model could not write and prompts that were refused.
    public func usage(ofRefused body: [UInt8]) -> Usage? {
        body.usage { $0.member("usageMetadata").flatMap(ChatUsage.gemini) }
    }
}

extension AnthropicMessagesCodec {
    /// Reads the usage beside content that is none.
    public func usage(ofRefused body: [UInt8]) -> Usage? {
        body.usage { view in
            guard let counts = view.member("usage"), counts.kind == .object else { return nil }
            var usage = AnthropicUsage()
            usage.merge(counts)
            return usage.usage
        }
    }
}

extension AnthropicVertexCodec {
    /// Reads the usage as ``AnthropicMessagesCodec`` does.
    public func usage(ofRefused body: [UInt8]) -> Usage? { AnthropicMessagesCodec().usage(ofRefused: body) }
}

extension BedrockAnthropicCodec {
    /// Reads the usage as ``AnthropicMessagesCodec`` does.
    public func usage(ofRefused body: [UInt8]) -> Usage? { AnthropicMessagesCodec().usage(ofRefused: body) }
}

extension BedrockConverseCodec {
    /// Reads the usage beside an output that the model could not write.
    public func usage(ofRefused body: [UInt8]) -> Usage? {
        body.usage { $0.member("usage").flatMap { ChatUsage.converse($0) } }
    }
}

extension OpenAIResponsesCodec {
    /// Reads the usage of a response that failed.
    public func usage(ofRefused body: [UInt8]) -> Usage? {
        body.usage { $0.member("usage").flatMap { ChatUsage.responses($0) } }
    }
}

extension [UInt8] {
    /// Reads counts from a body; `nil` when it is no JSON object or tells none.
    fileprivate func usage(_ read: (JSONView) -> ChatUsage?) -> Usage? {
        guard let document = try? JSONDocument(self), document.rootKind == .object else { return nil }
        return document.withView(read)?.counts
    }
}

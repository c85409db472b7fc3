public import MartletCore

/// What a prompt weighs.
///
/// Counts more than the rule that usage is estimated by: whatever takes room in the context.
public struct OllamaPromptSize: Hashable, Sendable {
    /// Bytes of ASCII text.
    public private(set) var asciiBytes = 0
    /// Bytes of other text, in UTF-8.
    public private(set) var otherBytes = 0
    /// Pictures and sounds.
    public private(set) var media = 0
    /// Messages.
    public private(set) var messages = 0

    /// The tokens Ollama itself counts for a picture (`server/prompt.go`).
    static let tokensPerMedium: Int64 = 768
    /// The tokens a template puts around a message, roughly.
    static let tokensPerMessage: Int64 = 8

    /// Weighs a request.
    public init(_ request: ChatRequest) {
        messages = request.messages.count
        // A list of parts still to count instead of recursion: results nest parts.
        var rest = request.messages.map(\.parts)
        while let parts = rest.popLast() {
            for part in parts {
                switch part {
                case .text(let text), .refusal(let text): add(text.text.utf8)
                case .reasoning(let reasoning): add(reasoning.text.utf8)
                case .toolCall(let call):
                    add(call.name.utf8)
                    add(call.arguments.utf8)
                case .toolResult(let result): rest.append(result.content)
                case .image, .audio: media += 1
                case .file, .other: break
                }
            }
        }
        for message in request.messages { add((message.refusal ?? "").utf8) }
        for case .function(let function) in request.tools ?? [] {
            add(function.name.utf8)
            add((function.description ?? "").utf8)
            add(function.parameters?.bytes ?? [])
        }
    }

    private mutating func add(_ text: some Sequence<UInt8>) {
        for byte in text {
            if byte < 0x80 { asciiBytes &+= 1 } else { otherBytes &+= 1 }
        }
    }

    /// The tokens by the estimate rule: ⌈bytes / 4⌉, pictures beside.
    public var likelyTokens: Int64 {
        Usage.estimatedTokens(textBytes: asciiBytes &+ otherBytes) &+ Int64(media) &* Self.tokensPerMedium
    }

    /// The tokens counted so that few prompts need more: code and other languages than English included.
    public var cautiousTokens: Int64 {
        Int64(asciiBytes) / 3 &+ Int64(otherBytes) / 2 &+ Int64(messages) &* Self.tokensPerMessage
            &+ Int64(media) &* Self.tokensPerMedium &+ Self.tokensPerMessage
    }
}

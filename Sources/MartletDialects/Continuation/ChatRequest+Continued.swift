public import MartletCore
import MartletWire

extension ChatRequest {
    /// Whether its answer can be gone on from: one text of no demanded shape, without probabilities.
    public var isContinuable: Bool {
        // An older completion is no conversation.
        if dialect == .openAICompletions { return false }
        switch responseFormat {
        case nil, .text?: break
        default: return false
        }
        guard (sampling.count ?? 1) == 1, sampling.logprobs != true, sampling.topLogprobs == nil else { return false }
        // A turn of the assistant's that the caller began would have to be one with what it became.
        guard messages.last?.role != .assistant else { return false }
        return !extra.contains { Self.refusedMembers.contains($0.name) && !$0.saysNothing }
    }

    private static let refusedMembers: Set<String> = [
        "modalities", "audio", "output_config", "context_management", "container",
    ]

    /// The request for the rest of an answer of which a part was delivered.
    ///
    /// The part stands at the end as a turn of the assistant's. Reasoning is not asked for again. What was delivered counts
    /// against the limit of tokens, by estimate (four bytes a token). A tool that was being called is asked for by name.
    public func continued(from delivered: DeliveredAnswer) -> ChatRequest {
        var request = self
        request.reasoningEffort = nil
        request.extra.removeAll { $0.name == "thinking" || $0.name == "reasoning" || $0.name == "think" }
        let used = Int(clamping: Usage.estimatedTokens(textBytes: delivered.text.count))
        request.limits.maxTokens = limits.maxTokens.map { max(1, $0 - used) }
        request.limits.maxCompletionTokens = limits.maxCompletionTokens.map { max(1, $0 - used) }
        if delivered.needsPrefix {
            let text = String(decoding: delivered.prefix, as: UTF8.self)
            if !text.isEmpty { request.messages.append(ChatMessage(role: .assistant, text: text)) }
        }
        if let call = delivered.call { request.toolChoice = .function(name: call.name) }
        return request
    }
}

extension TextContinuation {
    /// Marks a request for chat completions whose last message is to be gone on from.
    ///
    /// - Parameter body: The request as ``OpenAIChatCodec`` writes it, with the role first in each message.
    public func mark(_ body: [UInt8]) -> [UInt8] {
        switch self {
        case .plain: return body
        case .finalMessage:
            guard body.first == UInt8(ascii: "{") else { return body }
            return Array("{\"add_generation_prompt\":false,\"continue_final_message\":true,".utf8) + body.dropFirst()
        case .prefix:
            // Quotes inside of texts are escaped, so that these bytes stand for nothing else.
            let start = Array("{\"role\":\"assistant\",".utf8)
            guard let place = lastRange(of: start, in: body) else { return body }
            return body[..<place] + Array("{\"prefix\":true,".utf8) + body[(place + 1)...]
        }
    }

    private func lastRange(of words: [UInt8], in body: [UInt8]) -> Int? {
        guard body.count >= words.count else { return nil }
        for place in stride(from: body.count - words.count, through: 0, by: -1)
        where body[place] == words[0] && body[place..<place + words.count].elementsEqual(words) {
            return place
        }
        return nil
    }
}

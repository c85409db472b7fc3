import MartletCore
import MartletWire

extension ChatRequest {
    /// The request without the members that only the caller's dialect has, each of which is named.
    ///
    /// OpenAI refuses members it does not know. For the dialects whose members are not OpenAI's: Ollama's two, and the
    /// gateway's one-message form; of OpenAI's older completions those are left out that chat does not have.
    func withoutForeignMembers(_ dropped: inout DroppedPaths) -> ChatRequest {
        let kept: Set<String>
        switch dialect {
        case .ollamaChat, .ollamaGenerate, .simpleChat: kept = []
        case .openAICompletions: kept = Self.sharedWithCompletions
        case .openAIChat, .anthropicMessages, .openAIResponses, .mock, .gemini, .anthropicVertex: return self
        case .bedrockConverse, .bedrockAnthropic, .sageMakerChat: return self
        }
        var request = self
        request.extra = extra.filter { kept.contains($0.name) }
        for member in extra where !kept.contains(member.name) && !member.saysNothing {
            if member.name == "options", let options = try? JSONDocument(member.value.bytes) {
                options.withView { view in
                    for option in view.members where !option.value.isNull {
                        dropped.add(option.key.string() ?? "", in: "options")
                    }
                }
            } else {
                dropped.add(member.name, in: "")
            }
        }
        guard dialect == .ollamaChat else { return request }
        for index in request.messages.indices {
            dropped.add(request.messages[index].extra, in: "messages[\(index)]")
            request.messages[index].extra = []
        }
        return request
    }

    /// Members of completions that mean the same in a chat (OpenAI's API reference).
    private static let sharedWithCompletions: Set<String> = [
        "logit_bias", "service_tier", "store", "safety_identifier",
    ]
}

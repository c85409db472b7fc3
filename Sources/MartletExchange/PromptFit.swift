import MartletCore
import MartletDialects
import MartletRouting

extension Exchange {
    /// Says that a target read only a part of the prompt, as far as its own count of tokens proves it.
    ///
    /// The head of a stream is long out when the count comes: there it is only traced.
    mutating func notePromptFit(_ index: Int) {
        guard let check = call?.legs[index].translation?.value.promptCheck, check.isTruncated(answer.usage) else {
            return
        }
        trace.add(.promptCut, Int(clamping: answer.usage?.inputTokens ?? 0), answer.isCommitted ? 1 : 0)
        let messages = format.request.promptMember
        if !answer.isCommitted, !answer.dropped.contains(messages) { answer.dropped.append(messages) }
    }
}

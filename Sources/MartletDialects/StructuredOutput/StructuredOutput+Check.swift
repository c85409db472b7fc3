public import MartletCore
import MartletWire

extension StructuredOutput {
    /// The longest answer that is shown to the model again, in bytes.
    private static let longestRepair = 262_144

    /// Looks at a whole answer.
    ///
    /// A refusal, an answer that was cut by the token limit or by a filter, and calls of the caller's own tools are the
    /// caller's to deal with, as they are with a target that knows schemas. After a repair the usage is that of both
    /// answers.
    ///
    /// - Parameter response: The answer to the request that was sent last, with the caller's names of tools.
    /// - Returns: What comes of it.
    public mutating func check(_ response: ChatResponse) -> Outcome {
        var answer = response
        var wrong: (choice: Int, problem: String)?
        for index in answer.choices.indices {
            switch examine(response.choices[index]) {
            case .unchanged: break
            case .changed(let choice): answer.choices[index] = choice
            case .wrong(let problem): wrong = wrong ?? (index, problem)
            }
        }
        answer.usage = total(response.usage)
        guard let wrong else { return .accept(answer) }
        if !isRepaired, response.choices.count == 1,
            let request = repair(response.choices[wrong.choice], wrong.problem)
        {
            isRepaired = true
            spent = response.usage?.counts
            return .repair(request)
        }
        let again = isRepaired ? ", also when asked again" : ""
        let message = "The model's answer does not follow the response format\(again): \(wrong.problem)."
        return .fail(GatewayError(.providerError, message, param: "response_format"))
    }

    private enum Finding {
        case unchanged
        case changed(ChatResponse.Choice)
        case wrong(String)
    }

    private func examine(_ choice: ChatResponse.Choice) -> Finding {
        let message = choice.message
        let call = message.toolCalls.first { $0.name == toolName }
        if call == nil, !message.toolCalls.isEmpty { return .unchanged }
        if message.refusal != nil || choice.finishReason == .contentFilter { return .unchanged }
        for part in message.parts {
            if case .refusal = part { return .unchanged }
        }
        var changed = choice
        let text = call?.arguments ?? message.text
        guard let document = StructuredText.json(in: text) else {
            changed.say(text)
            return choice.finishReason == .length ? .changed(changed) : .wrong("it is no JSON")
        }
        changed.say(String(decoding: document.bytes, as: UTF8.self))
        if let problem = problem(in: document) {
            return choice.finishReason == .length ? .changed(changed) : .wrong(problem)
        }
        return .changed(changed)
    }

    private func problem(in document: JSONDocument) -> String? {
        guard let schema else { return document.rootKind == .object ? nil : "it is no JSON object" }
        // A check that was given up proves nothing against the answer.
        guard case .invalid(let violations) = schema.check(document) else { return nil }
        return violations.map(\.description).joined(separator: "; ")
    }

    var toolName: String? {
        switch method {
        case .forcedTool(let name), .offeredTool(let name): name
        case .instruction: nil
        }
    }

    private func repair(_ choice: ChatResponse.Choice, _ problem: String) -> ChatRequest? {
        let message = choice.message
        let call = message.toolCalls.first { $0.name == toolName }
        let text = call?.arguments ?? message.text
        guard text.utf8.count <= Self.longestRepair else { return nil }
        var request = steered
        // Signed reasoning goes along: some models do not take a call back without the thinking before it.
        var said = message.parts.filter { if case .reasoning = $0 { true } else { false } }
        if var call {
            if call.id.isEmpty { call.id = "call_1" }
            said.append(.toolCall(call))
            request.messages.append(ChatMessage(role: .assistant, parts: said))
            let words =
                "The arguments do not follow the tool's schema: \(problem). Call the tool again with right ones."
            let result = ChatToolResult(callID: call.id, content: [.text(ChatText(words))], isError: true)
            request.messages.append(ChatMessage(role: .tool, parts: [.toolResult(result)]))
        } else {
            said.append(.text(ChatText(text.isEmpty ? "(nothing)" : text)))
            request.messages.append(ChatMessage(role: .assistant, parts: said))
            let way =
                toolName.map { "Call the tool \($0) with the right answer." } ?? "Write the right answer, only JSON."
            let words = "Your answer does not have the shape that was asked for: \(problem). \(way)"
            request.messages.append(ChatMessage(role: .user, text: words))
        }
        return request
    }

    /// The usage of all answers together.
    private func total(_ usage: ChatUsage?) -> ChatUsage? {
        guard let spent else { return usage }
        guard var usage else { return nil }
        usage.counts = usage.counts.adding(spent)
        return usage
    }
}

extension ChatResponse.Choice {
    /// Replaces what is said and called by a text; reasoning stays.
    fileprivate mutating func say(_ text: String) {
        message.parts = message.parts.filter { part in
            switch part {
            case .text, .toolCall: false
            default: true
            }
        }
        message.parts.append(.text(ChatText(text)))
        guard finishReason == .toolCalls || finishReason == .functionCall else { return }
        finishReason = .stop
        vendorReason = nil
    }
}

import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// Counting the tokens of a prompt: asked of a target that speaks Anthropic's messages, estimated for all others.
extension Exchange {
    /// Whether only the tokens of a prompt are asked for.
    var isCount: Bool { if case .countTokens? = endpoint { true } else { false } }

    /// The request as values, without a limit for the answer.
    mutating func typedCount() throws(GatewayError) -> ChatRequest {
        if let typedRequest { return typedRequest.value }
        let request = try AnthropicMessagesCodec().decodeCountRequest(body.bytes)
        typedRequest = Boxed(request)
        return request
    }

    /// Whether a target's count is an estimate, made without asking anybody.
    func isEstimated(by target: Target) -> Bool {
        isCount && target.spoken(for: .anthropicMessages) != .anthropicMessages
    }

    /// Answers with an estimate.
    mutating func answerEstimate(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        let tokens: Int64
        do throws(GatewayError) {
            try checkAnthropicRules()
            tokens = AnthropicTokenCount.estimate(try typedCount())
        } catch {
            return cannotCarry(error, &env, &actions)
        }
        // No line in the ledger: nobody was asked, unless an attempt before this one has its line already.
        let bytes = ByteBuffer(bytes: AnthropicTokenCount.body(tokens))
        answer.status = 200
        answer.usage = Usage(inputTokens: 0, outputTokens: 0)
        var facts = answerFacts()
        // Whose count it stands for; the ledger has who was asked.
        facts.target = currentTarget
        var head = ResponseHead(
            status: 200,
            contentType: "application/json",
            contentLength: bytes.readableBytes,
            facts: facts
        )
        head.more.append(HeaderField(name: "x-gateway-estimated", value: "1"))
        settle(.settled, &env, &actions)
        actions.add(.respond(head))
        actions.add(.body(bytes))
        actions.add(.endBody)
    }

    /// Whether a body is the answer to such a question.
    static func isTokenCount(_ body: ByteBuffer) -> Bool {
        AnthropicTokenCount.tokens(inAnswer: Array(body.readableBytesView)) != nil
    }
}

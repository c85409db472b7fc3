import MartletCore
import MartletDialects
import MartletRouting

/// Requests for the text in a gap between two texts, to targets that do not take the caller's bytes.
extension Exchange {
    /// Writes such a request for a target.
    ///
    /// - Returns: `false` for a request that asks for no gap to be filled.
    /// - Throws: ``GatewayError`` when the target, or its model, cannot do that.
    mutating func translateGap(for target: Target, _ settings: CodecSettings) throws(GatewayError) -> Bool {
        var request = try typed()
        guard FIMPlan.isFIM(request) else { return false }
        guard let route = target.gapRoute else {
            throw GatewayError(
                .unsupportedParameter,
                "The provider `\(target.account.rawValue)` of this model fills no gaps between two texts.",
                param: "suffix"
            )
        }
        request.model = target.upstreamModel
        request.stream = facts.stream
        let plan = try FIMPlan(
            request,
            route: route,
            settings: OllamaSettings(
                context: OllamaContext(window: settings.contextWindow),
                keepAlive: settings.keepAlive
            )
        )
        let written = UpstreamRequest(
            path: plan.path,
            accept: facts.stream ? plan.streamType : "application/json",
            fields: plan.request.headers.map { HeaderField(name: $0.name, value: $0.value) },
            body: SplicedBody(plan.request.body)
        )
        let context = callerContext()
        translated = Boxed(
            TranslatedRequest(
                request: written,
                dropped: plan.request.dropped.map(format.request.callerPath),
                translation: Translation(
                    from: plan.codec,
                    to: format.answer.codec(for: context),
                    framing: route == .generate ? .lines : .eventStream,
                    context: context,
                    promptCheck: plan.request.promptCheck
                )
            )
        )
        return true
    }
}

extension Exchange {
    /// Whether a target would take the caller's bytes, but pass over the text behind the gap: local servers know no
    /// `suffix` (llama-server leaves it out in silence, vLLM refuses it).
    func losesSuffix(on target: Target, _ spoken: Dialect) -> Bool {
        target.isLocal && spoken == .openAICompletions && format.request == .openAICompletions
            && body.hasMember("suffix")
    }
}

extension Target {
    /// What the target has for filling a gap; `nil` where it has nothing.
    fileprivate var gapRoute: FIMRoute? {
        switch dialect {
        // A server that sends prompts to its model as they are needs the model's own tokens in them.
        case .openAIChat: otherDialects.contains(.openAICompletions) ? .completions : .suffix
        case .ollamaChat: .generate
        default: nil
        }
    }
}

extension Dialect {
    /// Whether a request of the dialect may ask for the text in a gap.
    var hasGaps: Bool { self == .openAICompletions || self == .ollamaGenerate }

    /// The member that holds the prompt.
    var promptMember: String {
        switch self {
        case .openAICompletions, .ollamaGenerate: "prompt"
        case .openAIResponses: "input"
        case .simpleChat: "message"
        default: "messages"
        }
    }
}

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
        guard let gap = target.gapFilling else {
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
            route: gap.route,
            settings: OllamaSettings(
                context: OllamaContext(window: settings.contextWindow),
                keepAlive: settings.keepAlive
            )
        )
        let encoded = plan.request.leavingOut(target.quirks.dropParams)
        var written = UpstreamRequest(
            path: gap.path ?? plan.path,
            accept: facts.stream ? plan.streamType : "application/json",
            fields: encoded.headers.map { HeaderField(name: $0.name, value: $0.value) },
            body: SplicedBody(encoded.body)
        )
        written.isUnversioned = gap.path != nil
        let context = callerContext()
        translated = Boxed(
            TranslatedRequest(
                request: written,
                dropped: encoded.dropped.map(format.request.callerPath),
                translation: Translation(
                    from: plan.codec,
                    to: format.answer.codec(for: context),
                    framing: gap.route == .generate ? .lines : .eventStream,
                    context: context,
                    promptCheck: encoded.promptCheck
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
        (target.isLocal || target.quirks.gap != nil) && spoken == .openAICompletions
            && format.request == .openAICompletions && body.hasMember("suffix")
    }
}

extension Target {
    /// What the target has for filling a gap; `nil` where it has nothing.
    fileprivate var gapFilling: GapFilling? {
        if let gap = quirks.gap {
            // A server that puts the tokens itself knows no model without one for the middle.
            let isKnown = gap.route != .infill || FIMFamily(model: upstreamModel)?.hasMiddleToken ?? true
            return isKnown ? gap : GapFilling(route: .completions)
        }
        switch dialect {
        // A server that sends prompts to its model as they are needs the model's own tokens in them.
        case .openAIChat: return GapFilling(route: otherDialects.contains(.openAICompletions) ? .completions : .suffix)
        case .ollamaChat: return GapFilling(route: .generate)
        default: return nil
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

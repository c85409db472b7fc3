import MartletCore
import MartletExtensions
import MartletGovernance
import MartletRouting

/// Requests, targets and refusals as extensions know them.
extension Exchange {
    /// What extensions are told of the request; made only where one is asked.
    func extensionRequest(_ plan: Plan) -> GatewayRequest {
        let usage = Usage(
            inputTokens: facts.estimatedInputTokens,
            outputTokens: Int64(clamping: max(0, facts.outputTokenLimit ?? 0))
        )
        return GatewayRequest(
            id: id.description,
            key: (principal?.key ?? .anonymous).rawValue,
            model: plan.label,
            endpoint: endpoint?.name ?? "none",
            routeReason: plan.reason.rawValue,
            isLocalOnly: privacy == .localOnly,
            isStream: facts.stream,
            estimatedInputTokens: facts.estimatedInputTokens,
            maxOutputTokens: facts.outputTokenLimit,
            messageCount: facts.messageCount,
            toolCount: facts.toolCount,
            imageCount: facts.imageParts,
            estimatedCost: plan.targets.first?.price?.cost(of: usage).rawValue
        )
    }
}

extension TargetOption {
    init(_ target: Target, at index: Int) {
        self.init(
            id: index,
            provider: target.account.rawValue,
            kind: target.kind.rawValue,
            model: target.upstreamModel,
            region: target.region,
            isLocal: target.isLocal,
            inputPrice: target.price?.input.picoUSD,
            outputPrice: target.price?.output.picoUSD,
            contextWindow: target.contextWindow
        )
    }
}

extension GatewayError {
    /// What a caller is told of an extension's refusal.
    init(_ refusal: Refusal) {
        let code: Code =
            switch refusal.kind {
            case .quotaExceeded: .quotaExceeded
            case .forbidden: .forbidden
            case .unavailable: .dependencyUnavailable
            }
        let text = refusal.message.isEmpty ? "The gateway does not serve this request." : refusal.message
        self.init(code, Self.cut(text), retryAfterSeconds: refusal.retryAfterSeconds.map { max(0, $0) })
    }

    /// At most 500 bytes, in whole characters of Unicode.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > 500 else { return text }
        var bytes = Array(text.utf8.prefix(501))
        // Bytes that continue a scalar go with it (RFC 3629 §3).
        while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        return String(decoding: bytes, as: UTF8.self)
    }
}

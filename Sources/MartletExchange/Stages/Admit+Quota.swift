import MartletCore
import MartletExtensions
import MartletGovernance
import MartletRouting

/// What the program that runs the gateway says about a request that has its slots.
extension Exchange {
    /// Asks whether the request may go on, and at which price.
    mutating func askQuota(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let plan else { return }
        ask(.quota(extensionRequest(plan)), within: env.quotaTerms.deadline, &env, &actions)
    }

    /// Goes on, or ends, as the quota says.
    mutating func quotaAnswered(
        _ answer: QuotaAnswer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        switch answer {
        case .decided(.allow):
            beginCall(&env, &actions)
        case .decided(.charge(let adjustment)):
            self.adjustment = Boxed(adjustment)
            beginCall(&env, &actions)
        case .decided(.refuse(let refusal)):
            trace.add(.quotaRefused, Int(refusal.kind.rawValue))
            refuse(GatewayError(refusal), closing: false, &env, &actions)
        case .failed:
            quotaFailed(&env, &actions)
        }
    }

    /// No decision, or none in time.
    mutating func quotaFailed(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        let isOpen = env.quotaTerms.failureMode == .open
        trace.add(.quotaFailed, isOpen ? 1 : 0)
        if isOpen { return beginCall(&env, &actions) }
        let error = GatewayError(
            .dependencyUnavailable,
            "The gateway could not find out whether this request may be served.",
            retryAfterSeconds: 1
        )
        refuse(error, closing: false, &env, &actions)
    }

    /// What a cost becomes by the price that the request was let in at.
    ///
    /// - Parameter isAnswered: Whether a surcharge counts.
    static func adjusted(
        _ cost: NanoUSD?,
        by adjustment: Boxed<PriceAdjustment>?,
        isAnswered: Bool
    ) -> NanoUSD? {
        guard let adjustment else { return cost }
        return adjustment.value.adjusted(cost?.rawValue, isAnswered: isAnswered).map { NanoUSD($0) }
    }

    /// Notes at which price the request was let in, and what its answer costs without that.
    mutating func notePrice(_ cost: NanoUSD?) {
        guard let adjustment = adjustment?.value else { return }
        trace.add(
            .priced,
            Int(clamping: adjustment.multiplierPerMillion),
            Int(clamping: adjustment.surcharge / 1_000),
            cost.map { Int(clamping: $0.rawValue / 1_000) } ?? -1
        )
    }
}

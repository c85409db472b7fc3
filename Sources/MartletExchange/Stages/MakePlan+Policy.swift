import MartletCore
import MartletExtensions
import MartletRouting

/// The targets that the program which runs the gateway lets a request go to.
extension Exchange {
    /// Lets a policy reorder or restrict the targets of a plan.
    ///
    /// - Throws: `forbidden` when it leaves none, or what it refuses the request with.
    mutating func applyPolicy(
        to plan: inout Plan,
        _ env: inout some ExchangeEnvironment
    ) throws(GatewayError) {
        let options = plan.targets.enumerated().map { TargetOption($0.element, at: $0.offset) }
        switch env.choose(among: options, for: extensionRequest(plan)) {
        case .unchanged:
            return
        case .refuse(let refusal):
            trace.add(.restricted, options.count, 0, Int(refusal.kind.rawValue))
            throw GatewayError(refusal)
        case .use(let chosen, let reason):
            let planned = plan.targets
            var seen: Set<Int> = []
            plan.targets = chosen.compactMap { option in
                guard planned.indices.contains(option.id), seen.insert(option.id).inserted else { return nil }
                let target = planned[option.id]
                // Whatever is chosen: what may not leave this device has targets here, and no others.
                return privacy == .localOnly && !target.isLocal ? nil : target
            }
            trace.add(.restricted, planned.count, plan.targets.count, Int(reason))
            guard !plan.targets.isEmpty else {
                throw GatewayError(.forbidden, "This request may go to none of the providers of its model.")
            }
        }
    }
}

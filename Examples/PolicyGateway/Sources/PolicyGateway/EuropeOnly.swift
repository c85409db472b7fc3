import Martlet

/// Keeps requests with accounts whose `region` is in Europe, and with engines on this machine that name none.
struct EuropeOnly: TargetPolicy {
    func targets(for request: GatewayRequest, among options: [TargetOption]) -> TargetDecision {
        let allowed = options.filter { $0.region.map(isEuropean) ?? $0.isLocal }
        guard allowed.count < options.count else { return .unchanged }
        guard !allowed.isEmpty else {
            return .refuse(Refusal(.forbidden, "The model \(request.model) is not served in Europe."))
        }
        return .use(allowed)
    }

    /// Names as Amazon (`eu-west-1`) and Google (`europe-west4`, `eu`) have them.
    private func isEuropean(_ region: String) -> Bool {
        region == "eu" || region.hasPrefix("eu-") || region.hasPrefix("europe-")
    }
}

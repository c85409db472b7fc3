import MartletCore
import MartletRouting

extension Exchange {
    /// Stage *plan*: which targets may be asked, in which order.
    mutating func makePlan(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        stage = .plan
        do throws(GatewayError) {
            let request = PlanRequest(
                model: facts.model?.rawValue,
                route: try askedRoute(),
                provider: facts.provider,
                fallbacks: facts.fallbacks.map(\.rawValue),
                privacy: privacy
            )
            // Asked for only by who needs it: each of these is handed a copy of the exchange.
            var plan: Plan
            if passThrough != nil, facts.model == nil, let anyone = try planWithoutModel(request) {
                plan = anyone
            } else if surface == .ollama {
                plan = try planned(request)
            } else {
                plan = try Planner.plan(request, in: snapshot)
            }
            if passThrough != nil { try keepWhatPasses(&plan) }
            if responses != nil { try keepWhatGoesOn(&plan) }
            trace.add(.planned, plan.targets.count, RouteReason.allCases.firstIndex(of: plan.reason) ?? 0)
            if plan.targets.count > 1 { putUnwellLast(&plan, &env) }
            self.plan = plan
        } catch {
            return refuse(error, closing: false, &env, &actions)
        }
        if case .resume(let message)? = facts.thread { return findThread(behind: message, &env, &actions) }
        if surface == .ollama, let page = loadAnswer() { return respond(with: page, &env, &actions) }
        if responses?.value.goesOnUpstream == true { return findMaker(&env, &actions) }
        lookup(&env, &actions)
    }

    /// The route in the body wins over the header.
    private func askedRoute() throws(GatewayError) -> Route? {
        if let route = facts.route { return route }
        guard let text = head.gatewayRoute else { return nil }
        guard let route = Route(asked: text) else {
            throw GatewayError(
                .invalidValue,
                "X-Gateway-Route is one of local, auto, cloud, fallback.",
                param: "X-Gateway-Route"
            )
        }
        return route
    }
}

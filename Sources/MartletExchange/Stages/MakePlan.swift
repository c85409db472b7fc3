import MartletCore
import MartletRouting

extension Exchange {
    /// Stage *plan*: which targets may be asked, in which order.
    mutating func makePlan(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        stage = .plan
        do throws(GatewayError) {
            let request = try planRequest()
            var plan: Plan
            if passThrough != nil, facts.model == nil, let anyone = try planWithoutModel(request) {
                plan = anyone
            } else if surface == .ollama {
                plan = try Self.planned(request, in: snapshot, &env, &trace)
            } else {
                plan = try Planner.plan(request, in: snapshot, asking: &env, trace: &trace)
            }
            if passThrough != nil { try keepWhatPasses(&plan) }
            if responses != nil { try keepWhatGoesOn(&plan) }
            if env.extensions.contains(.targets) { try applyPolicy(to: &plan, &env) }
            trace.add(.planned, plan.targets.count, RouteReason.allCases.firstIndex(of: plan.reason) ?? 0)
            self.plan = plan
        } catch {
            return refuse(error, closing: false, &env, &actions)
        }
        if case .resume(let message)? = facts.thread { return findThread(behind: message, &env, &actions) }
        if surface == .ollama, let page = loadAnswer() { return respond(with: page, &env, &actions) }
        if responses?.value.goesOnUpstream == true { return findMaker(&env, &actions) }
        lookup(&env, &actions)
    }
}

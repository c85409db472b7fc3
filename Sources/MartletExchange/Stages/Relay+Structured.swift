import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting

/// What answers cost that the caller did not get, because they had not the shape that was asked for.
struct Spent {
    var usage: Usage
    /// What it cost; the cost is `nil` when a target has no price.
    var charge: Charge
}

/// Answers of the wrong shape from targets that do not know schemas.
extension Exchange {
    /// Asks the same target once more, on its slot: a further request of the same call.
    mutating func askOnceMore(
        _ body: [UInt8],
        _ renamedTools: [String: String],
        _ structured: StructuredOutput,
        after leg: Leg,
        _ usage: Usage,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        dropOthers(than: leg.id, &env, &actions)
        guard let index = call?.index(of: leg.id), var next = leg.request?.value else { return }
        if call?.machine.target != leg.place { call?.machine.skip(to: leg.place) }
        spend(usage, on: leg.target)
        next.request.body = SplicedBody(body)
        next.translation.renamedTools = renamedTools
        next.translation.structured = structured
        translated = Boxed(next)
        // The target did its work; whether the model did is another matter.
        let isCallers = usesCallerCredential(leg.target)
        call?.permit = env.attemptAnswered(on: leg.target, leg.permit, isCallers: isCallers)
        call?.outcomes.append(.init(provider: leg.target.account.rawValue, outcome: "ok"))
        call?.legs.remove(at: index)
        trace.add(.retry)
        startLeg(on: leg.target, slot: leg.slot, &env, &actions)
    }

    /// The model's answer is of no use: says so, and counts what it used.
    mutating func refuseAnswer(
        _ error: GatewayError,
        of leg: Leg,
        _ usage: Usage,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        drop(leg, outcome: "bad_response", success(of: leg.target, nil), &env, &actions)
        answer.usage = usage
        fail(with: error.naming(format.request.callerPath), &env, &actions)
    }

    mutating func spend(_ usage: Usage, on target: Target) {
        let usage = usage.believed(of: target)
        let charge = Charge(usage, on: target, after: spent)
        spent = Boxed(Spent(usage: spent?.value.usage.adding(usage) ?? usage, charge: charge))
    }
}

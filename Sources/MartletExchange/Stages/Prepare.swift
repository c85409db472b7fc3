import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting

extension Exchange {
    /// Stage *prepare*: what is the same for every target.
    ///
    /// Sessions, prompts, skills and token reduction edit the body here; it only reads, and nothing leaves the device.
    mutating func prepare(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        stage = .prepare
        if responses != nil, askForHistory(&env, &actions) { return }
        makePlan(&env, &actions)
    }

    /// Asks for the conversation that a request goes on from.
    ///
    /// - Returns: Whether the request waits for it, or was refused.
    private mutating func askForHistory(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) -> Bool {
        guard let previous = responses?.value.state.previousResponseID, let key = principal?.key else { return false }
        let request: ChatRequest
        do throws(GatewayError) {
            request = try typed()
        } catch {
            refuse(error, closing: false, &env, &actions)
            return true
        }
        let history = HistoryRequest(
            previousID: previous,
            key: key,
            request: request,
            maxBytes: snapshot.limits.maxBodyBytes
        )
        ask(.history(history), within: .seconds(10), &env, &actions)
        return true
    }

    /// Goes on with the conversation so far in front of the request.
    mutating func historyFound(
        _ history: HistoryAnswer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        switch history {
        case .found(let request):
            responses?.value.own = typedRequest?.value
            responses?.value.hasHistory = true
            typedRequest = Boxed(request)
            facts.textBytes = max(facts.textBytes, request.textBytes)
        case .unknown:
            responses?.value.goesOnUpstream = true
        case .failed(let error):
            return refuse(error, closing: false, &env, &actions)
        }
        makePlan(&env, &actions)
    }
}

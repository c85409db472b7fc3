import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting

/// Responses that a provider keeps itself: only the account that made one can go on from it.
extension Exchange {
    /// Asks which account made the response that a request goes on from, and for whom.
    mutating func findMaker(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let principal, let id = responses?.value.state.previousResponseID else {
            return lookup(&env, &actions)
        }
        ask(.messageAccount(messageID: id, key: principal.key), within: .seconds(2), &env, &actions)
    }

    /// Goes on with that account alone; when it is not known any more, the providers themselves say what they know.
    ///
    /// - Parameter isAnothers: Whether it was made for another key, to whom alone it is known.
    mutating func makerFound(
        _ account: AccountName?,
        isAnothers: Bool,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if isAnothers, let id = responses?.value.state.previousResponseID {
            return refuse(.previousResponseNotFound(id), closing: false, &env, &actions)
        }
        let targets = plan?.targets.filter { $0.account == account } ?? []
        if !targets.isEmpty { plan?.targets = targets }
        lookup(&env, &actions)
    }

    /// Remembers which account made a response that it keeps.
    func rememberMaker(_ id: String?, of target: Target, _ actions: inout ActionList) {
        guard responses?.value.state.isStored == true, let id, 1...256 ~= id.utf8.count, let principal,
            target.spoken(for: .openAIResponses) == .openAIResponses
        else { return }
        actions.add(.rememberMessage(id: id, key: principal.key, account: target.account))
    }
}

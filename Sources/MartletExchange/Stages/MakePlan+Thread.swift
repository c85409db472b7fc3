import MartletCore
import MartletGovernance
import MartletRouting

/// Conversations that Anthropic keeps: only the account that made a message can go on behind it.
extension Exchange {
    /// Asks which account made the message that a request goes on behind.
    mutating func findThread(
        behind message: String,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard plan?.targets.contains(where: \.keepsThreads) == true, let principal else {
            let error = GatewayError(.threadUnsupported, "Threads are not supported with this model.", param: "thread")
            return refuse(error, closing: false, &env, &actions)
        }
        ask(.messageAccount(messageID: message, key: principal.key), within: .seconds(2), &env, &actions)
    }

    /// Goes on with that account alone; an SDK that is told of an unknown thread replays the conversation.
    mutating func threadFound(
        _ account: AccountName?,
        isAnothers: Bool,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if responses != nil { return makerFound(account, isAnothers: isAnothers, &env, &actions) }
        let targets = plan?.targets.filter { $0.keepsThreads && $0.account == account } ?? []
        guard !targets.isEmpty else {
            let error = GatewayError(.threadNotFound, "The thread was not found.", param: "thread.previous_message_id")
            return refuse(error, closing: false, &env, &actions)
        }
        plan?.targets = targets
        lookup(&env, &actions)
    }

    /// Remembers which account made a message, if its conversation is to be kept.
    mutating func rememberThread(_ message: String?, of target: Target, _ actions: inout ActionList) {
        switch facts.thread {
        case .create?, .resume?: break
        case .other?, nil: return
        }
        guard let message, 1...256 ~= message.utf8.count, let principal, target.keepsThreads else { return }
        actions.add(.rememberMessage(id: message, key: principal.key, account: target.account))
    }
}

extension Target {
    /// Whether it has Anthropic's own API, which keeps threads.
    fileprivate var keepsThreads: Bool { spoken(for: .anthropicMessages) == .anthropicMessages }
}

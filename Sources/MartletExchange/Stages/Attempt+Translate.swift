import MartletCore
import MartletDialects
import MartletRouting

extension Exchange {
    /// Makes the request for a target, unless it takes the caller's chat as it is and answers in kind.
    ///
    /// - Throws: ``GatewayError`` when the target cannot do what was asked for.
    mutating func translate(for target: Target) throws(GatewayError) {
        translated = nil
        guard target.dialect != .mock else { return }
        let spoken = target.spoken(for: format.request)
        let passes = format.passes(spoken)
        // The commonest case has a watcher of its own, which costs less.
        if passes, spoken == .openAIChat { return }
        let settings = CodecSettings(
            account: target.account.rawValue,
            contextWindow: target.contextWindow,
            keepAlive: target.quirks.keepAlive
        )
        guard let upstream = spoken.codec(settings) else {
            throw GatewayError(.internalError, "The target's wire format is not spoken here.")
        }
        let encoded: EncodedRequest?
        var context = callerContext()
        if passes {
            encoded = nil
        } else {
            var request = try typed()
            if format.answer.repeatsRequest { context.request = request }
            request.model = target.upstreamModel
            encoded = try upstream.encodeRequest(request)
        }
        translated = Boxed(
            TranslatedRequest(
                request: UpstreamRequest(
                    path: spoken.chatPath,
                    accept: facts.stream ? spoken.streamType : "application/json",
                    body: encoded.map { SplicedBody($0.body) } ?? body.spliced(spoken, for: target, facts: facts)
                ),
                dropped: encoded.map { $0.dropped.map(format.request.callerPath) }
                    ?? target.quirks.dropParams.filter { body.hasMember($0) },
                translation: Translation(
                    from: upstream,
                    to: format.answer.codec(for: context),
                    framing: spoken.framing,
                    passes: passes,
                    context: context,
                    renamedTools: encoded?.renamedTools ?? [:]
                )
            )
        )
    }

    /// A target that cannot do what was asked for is passed over while others are left.
    mutating func cannotCarry(
        _ error: GatewayError,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let machine = call?.machine, !machine.isLastTarget else { return fail(with: error, &env, &actions) }
        trace.add(.unfit, machine.target)
        call?.machine.skip(to: machine.target + 1)
        beginAttempt(&env, &actions)
    }
}

extension Dialect {
    /// Whether answers repeat parts of the request, so that their codec must know it.
    var repeatsRequest: Bool { self == .openAIResponses }
}

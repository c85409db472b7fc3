import MartletCore
import MartletDialects
import MartletRouting

extension Exchange {
    /// Makes the request for a target, unless it takes the caller's chat as it is and answers in kind.
    ///
    /// - Throws: ``GatewayError`` when the target cannot do what was asked for.
    mutating func translate(for target: Target) throws(GatewayError) {
        translated = nil
        if embedding != nil { return try writeEmbedding(for: target) }
        guard target.dialect != .mock, passThrough == nil else { return }
        let spoken = target.spoken(for: format.request)
        let passes = format.passes(spoken) && !losesSuffix(on: target, spoken)
        // The commonest case has a watcher of its own, which costs less.
        if passes, spoken == .openAIChat { return }
        let settings = CodecSettings(
            account: target.account.rawValue,
            contextWindow: target.contextWindow,
            keepAlive: target.quirks.keepAlive
        )
        if !passes, format.request.hasGaps, try translateGap(for: target, settings) { return }
        guard let upstream = spoken.codec(settings) else {
            throw GatewayError(.internalError, "The target's wire format is not spoken here.")
        }
        let settled: WrittenRequest
        var context = callerContext()
        if passes {
            settled = WrittenRequest(
                request: passingRequest(spoken, for: target),
                dropped: target.quirks.dropParams.filter { body.hasMember($0) }
            )
        } else {
            if format.answer.repeatsRequest { context.request = try typed() }
            settled = try writtenRequest(spoken, upstream, for: target)
        }
        translated = Boxed(
            TranslatedRequest(
                request: settled.request,
                dropped: settled.dropped,
                translation: Translation(
                    from: upstream,
                    to: format.answer.codec(for: context),
                    framing: spoken.framing,
                    passes: passes,
                    context: context,
                    renamedTools: settled.renamedTools,
                    promptCheck: settled.promptCheck
                )
            )
        )
    }

    /// The caller's own bytes, with what the target calls the model.
    private func passingRequest(_ spoken: Dialect, for target: Target) -> UpstreamRequest {
        UpstreamRequest(
            path: spoken.chatPath,
            accept: facts.stream ? spoken.streamType : "application/json",
            fields: head.vendorFields,
            body: body.spliced(spoken, for: target, facts: facts)
        )
    }

    /// The request written anew in the target's format.
    private mutating func writtenRequest(
        _ spoken: Dialect,
        _ upstream: any ChatCodec,
        for target: Target
    ) throws(GatewayError) -> WrittenRequest {
        var request = try typed()
        var dropped: [String] = []
        var callerPath = format.request.callerPath
        if request.dialect == .openAIResponses, spoken != .openAIResponses {
            let lowered = try request.lowered(for: spoken)
            request = lowered.request
            dropped = lowered.dropped
            callerPath = lowered.callerPath
        }
        request.model = target.upstreamModel
        request.stream = facts.stream
        let encoded = try upstream.encodeRequest(request)
        for path in encoded.dropped.map(callerPath) where !dropped.contains(path) { dropped.append(path) }
        let written = UpstreamRequest(
            path: spoken.chatPath,
            accept: facts.stream ? spoken.streamType : "application/json",
            fields: encoded.headers.map { HeaderField(name: $0.name, value: $0.value) },
            body: SplicedBody(encoded.body)
        )
        return WrittenRequest(
            request: written,
            dropped: dropped,
            renamedTools: encoded.renamedTools,
            promptCheck: encoded.promptCheck
        )
    }

    /// A request for a target, with what must be known when its answer comes.
    struct WrittenRequest {
        var request: UpstreamRequest
        var dropped: [String]
        var renamedTools: [String: String] = [:]
        var promptCheck: PromptCheck?
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

import MartletCore
import MartletDialects
import MartletRouting
import MartletWire

extension Exchange {
    /// Makes the request for a target, unless it takes the caller's chat as it is and answers in kind.
    ///
    /// - Parameter mayAsk: Whether what takes long may be made elsewhere, and addresses be fetched.
    /// - Returns: Whether it is made; a large one is made elsewhere, and an event tells when.
    /// - Throws: ``GatewayError`` when the target cannot do what was asked for.
    mutating func translate(
        for target: Target,
        mayAsk: Bool = true,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) throws(GatewayError) -> Bool {
        translated = nil
        if call?.stitch != nil { return try translateRest(for: target, &env, &actions) }
        if embedding != nil {
            try writeEmbedding(for: target)
            return true
        }
        if format.request == .anthropicMessages, target.spoken(for: .anthropicMessages) != .anthropicMessages {
            try checkAnthropicRules()
        }
        guard target.dialect != .mock, passThrough == nil else { return true }
        let spoken = target.spoken(for: format.request)
        var passes =
            format.passes(spoken) && (responses?.value.canPass ?? true) && !losesSuffix(on: target, spoken)
            && call?.disownsReasoning != true
        let quirks = spoken == .openAIChat ? target.quirks.chat : nil
        let excludesShape = quirks?.excludesShape(hasTools: facts.toolCount > 0, isStream: facts.stream) ?? false
        if passes, target.capabilities.jsonSchema == false || excludesShape {
            passes = try !mustBeSteered(spoken, excludesShape: excludesShape)
        }
        if passes, spoken == .anthropicVertex { passes = try !hasForeignAddresses(spoken) }
        if let quirks { try quirks.check(hasTools: facts.toolCount > 0, isStream: facts.stream, target) }
        // The commonest case has a watcher of its own, which costs less.
        if passes, spoken == .openAIChat, target.quirks.chat?.rewritesAnswers != true, !mayStitch { return true }
        if !passes, format.request.hasGaps, try translateGap(for: target, codecSettings(target)) { return true }
        let upstream = try codec(spoken, for: target)
        if passes {
            if body.count > Computation.threshold, spoken.setsCacheMarks(for: target, facts) {
                let edits = body.editing(spoken, for: target, facts: facts)
                compute(&env, &actions) { .request(.success(.edited(edits()))) }
                return false
            }
            translated = Boxed(passing(spoken, upstream, for: target))
            return true
        }
        let work = TranslationWork(
            target: target,
            spoken: spoken,
            upstream: upstream,
            format: format,
            stream: facts.stream,
            context: callerContext(),
            body: body.buffer,
            typed: typedRequest?.value,
            disownsReasoning: call?.disownsReasoning ?? false
        )
        return try make(work, for: target, mayAsk: mayAsk, &env, &actions)
    }

    /// Makes a request here, or elsewhere where that takes long.
    ///
    /// - Parameter mayAsk: Whether addresses may be fetched.
    /// - Returns: Whether it is made; an event tells when, otherwise.
    /// - Throws: ``GatewayError`` when the target cannot do what was asked for.
    mutating func make(
        _ work: TranslationWork,
        for target: Target,
        mayAsk: Bool = true,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) throws(GatewayError) -> Bool {
        // What was fetched for it counts, too.
        guard body.heldBytes > Computation.threshold else {
            let made = try work.made()
            if case .addresses = made, !mayAsk { return false }
            return try use(made, for: target, &env, &actions)
        }
        compute(&env, &actions) {
            do throws(GatewayError) { return .request(.success(try work.made())) } catch {
                return .request(.failure(error))
            }
        }
        return false
    }

    /// Keeps what came of a request.
    ///
    /// - Returns: Whether it can be sent.
    mutating func use(
        _ made: TranslationWork.Made,
        for target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) throws(GatewayError) -> Bool {
        switch made {
        case .written(let written):
            use(written, for: target)
            return true
        case .edited(let edits):
            let spoken = target.spoken(for: format.request)
            translated = Boxed(passing(spoken, try codec(spoken, for: target), for: target, edits))
            return true
        case .addresses where call?.stitch != nil:
            throw GatewayError(.unsupportedParameter, "The rest of an answer is asked for without fetching anything.")
        case .addresses(let items, let request):
            if responses?.value.own == nil { responses?.value.own = request }
            typedRequest = Boxed(request)
            try fetch(items, &env, &actions)
            return false
        }
    }

    private func codecSettings(_ target: Target) -> CodecSettings {
        var settings = CodecSettings(
            account: target.account.rawValue,
            contextWindow: target.contextWindow,
            keepAlive: target.quirks.keepAlive,
            acceptsStreamUsage: target.quirks.acceptsStreamUsage,
            chatQuirks: target.quirks.chat,
            signatures: call?.disownsReasoning == true ? nil : GeminiSignatures(SignatureMemory.shared)
        )
        settings.answerSeed = id.description
        settings.disownsSignatures = call?.disownsReasoning ?? false
        settings.promptCache = target.quirks.promptCache
        settings.model = target.upstreamModel
        settings.traits = target.traits
        if let hosting = target.quirks.hosting {
            settings.container = target.container
            settings.containerModel = hosting.model
        }
        if target.spoken(for: format.request) == .bedrockAnthropic { settings.betas = betas }
        return settings
    }

    func codec(_ spoken: Dialect, for target: Target) throws(GatewayError) -> any ChatCodec {
        guard let codec = spoken.codec(codecSettings(target)) else {
            throw GatewayError(.internalError, "The target's wire format is not spoken here.")
        }
        return codec.leavingOut(target.quirks.dropParams)
    }

    /// Whether a target that speaks the caller's format is known not to give answers of the shape that is asked for.
    ///
    /// - Parameter excludesShape: Whether that is so for any shape, because of what stands beside it.
    private mutating func mustBeSteered(_ spoken: Dialect, excludesShape: Bool) throws(GatewayError) -> Bool {
        guard let member = spoken.answerShapeMember, body.hasMember(member) else { return false }
        // A body of that size is not read here; it is written anew, which costs nothing but time.
        if body.count > Computation.threshold { return true }
        switch try typed().responseFormat {
        case .jsonSchema: return true
        case .jsonObject: return excludesShape
        default: return false
        }
    }

    /// Whether the caller's body has addresses in the place of bytes, which a target of the caller's own format does not
    /// fetch.
    private mutating func hasForeignAddresses(_ spoken: Dialect) throws(GatewayError) -> Bool {
        guard !isCount, body.mayNameAddress else { return false }
        // A body of that size is not read here; it is written anew, which costs nothing but time.
        if body.count > Computation.threshold || call?.hasFetchedMedia == true { return true }
        return try !typed().addresses(foreignTo: spoken, { $0 }).isEmpty
    }

    /// The caller's own bytes, with what the target calls the model.
    private func passing(
        _ spoken: Dialect,
        _ upstream: any ChatCodec,
        for target: Target,
        _ edits: JSONSplice? = nil
    ) -> TranslatedRequest {
        let context = callerContext()
        let path = spoken.chatPath(model: target.upstreamModel, stream: facts.stream)
        // Those of a large body were made elsewhere.
        let written =
            edits.map {
                (
                    body: SplicedBody(original: body.buffer, edits: $0),
                    dropped: target.quirks.dropParams.filter { body.hasMember($0) }
                )
            } ?? body.chat(spoken, for: target, facts: facts)
        return TranslatedRequest(
            request: UpstreamRequest(
                path: isCount ? path + "/count_tokens" : path,
                accept: facts.stream ? spoken.streamType : "application/json",
                fields: vendorFields(for: spoken),
                body: written.body
            ),
            dropped: written.dropped,
            translation: Translation(
                from: upstream,
                to: format.answer.codec(for: context),
                framing: spoken.framing,
                passes: spoken != .openAIChat || target.quirks.chat?.rewritesAnswers != true && !mayStitch,
                passesErrors: true,
                context: context
            )
        )
    }

    /// Keeps a request that was written in the target's format.
    private mutating func use(_ written: TranslationWork.Written, for target: Target) {
        let spoken = target.spoken(for: format.request)
        // Its codec exists, or nothing would have been written.
        guard let upstream = try? codec(spoken, for: target) else { return }
        if typedRequest == nil { typedRequest = Boxed(written.typed) }
        var fields = written.fields
        if spoken.callers == format.request {
            fields += vendorFields(for: spoken).filter { field in !fields.contains { $0.name == field.name } }
        }
        let context = callerContext(format.answer.repeatsRequest ? responses?.value.own ?? written.typed : nil)
        var body = written.body
        if call?.stitch?.value.needsPrefix == true, spoken == .openAIChat, let mark = target.quirks.continuation {
            body = mark.mark(body)
        }
        translated = Boxed(
            TranslatedRequest(
                request: UpstreamRequest(
                    path: spoken.chatPath(model: target.upstreamModel, stream: facts.stream),
                    accept: facts.stream ? spoken.streamType : "application/json",
                    fields: fields,
                    body: SplicedBody(body)
                ),
                dropped: written.dropped + (spoken.namesBetas ? [] : droppedBetas),
                translation: Translation(
                    from: upstream,
                    to: format.answer.codec(for: context),
                    framing: spoken.framing,
                    context: context,
                    renamedTools: written.renamedTools,
                    structured: written.structured,
                    isStream: facts.stream,
                    promptCheck: written.promptCheck
                )
            )
        )
        if let stitch = call?.stitch?.value {
            translated?.value.translation.goOn(from: stitch.delivered, stitch.encoder, spent?.value.usage)
        }
    }

    /// A target that cannot do what was asked for is passed over while others are left.
    mutating func cannotCarry(
        _ error: GatewayError,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        endPermit(.abandoned, &env)
        guard let machine = call?.machine, !machine.isLastTarget else {
            // What a target that can carry it said before tells the caller more, unless the caller has to act on this.
            if error.code == .unsupportedParameter, let failure = call?.machine.endingSoFar {
                return giveUp(failure, &env, &actions)
            }
            return fail(with: error, &env, &actions)
        }
        trace.add(.unfit, machine.target)
        call?.machine.skip(to: machine.nextTarget)
        beginAttempt(&env, &actions)
    }
}

extension Dialect {
    /// Whether answers repeat parts of the request, so that their codec must know it.
    var repeatsRequest: Bool { self == .openAIResponses }

    /// Whether the features that a caller of Anthropic's messages switches on reach its targets.
    var namesBetas: Bool { callers == .anthropicMessages || self == .bedrockAnthropic }
}

extension ChatQuirks {
    /// Refuses what would come out wrong.
    fileprivate func check(hasTools: Bool, isStream: Bool, _ target: Target) throws(GatewayError) {
        guard refusesToolsInStreams, isStream, hasTools else { return }
        throw GatewayError(
            .unsupportedParameter,
            "The provider `\(target.account.rawValue)` of this model calls no tools in streams; ask without `stream`.",
            param: "tools"
        )
    }
}

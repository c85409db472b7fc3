import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// Requests for vectors: as many calls as the target needs, one after the other, and one answer.
extension Exchange {
    /// The request as values, made once, when something needs it.
    private mutating func typedEmbedding() throws(GatewayError) -> EmbeddingRequest {
        guard let run = embedding?.value else {
            throw GatewayError(.internalError, "The request asks for no vectors.")
        }
        if let request = run.request { return request }
        let request = try run.form.codec.decodeRequest(body.bytes)
        embedding?.value.request = request
        return request
    }

    /// The answer to a request without input, which only loads a model where models are loaded.
    func embeddingLoadAnswer() -> ByteBuffer? {
        guard facts.messageCount == 0, let form = embedding?.value.form, form != .openAI else { return nil }
        let codec = OllamaEmbedCodec(form: form == .ollama ? .embed : .embeddings)
        return ByteBuffer(bytes: codec.emptyAnswer(model: facts.model?.rawValue))
    }

    /// Writes the request of the call that begins, for a target.
    ///
    /// - Throws: ``GatewayError`` when the target has no embeddings, or not for these inputs.
    mutating func writeEmbedding(for target: Target) throws(GatewayError) {
        guard var run = embedding?.value, target.dialect != .mock else { return }
        var settings = CodecSettings(account: target.account.rawValue, keepAlive: target.quirks.keepAlive)
        settings.model = target.upstreamModel
        settings.isVertex = target.quirks.hasVertexEmbeddings
        guard target.quirks.hasEmbeddings, let codec = target.dialect.embeddingCodec(settings),
            let path = target.dialect.embeddingPath(model: target.upstreamModel, isVertex: settings.isVertex)
        else {
            throw GatewayError(
                .unsupportedParameter,
                "The provider `\(target.account.rawValue)` of this model has no embeddings.",
                param: "model"
            )
        }
        let limits = codec.limits
        let passes = run.form.passes(target.dialect) && target.quirks.embeddingNames.isEmpty
        if !run.hasBegun {
            if run.form == .openAI, passes {
                let split = try body.embeddingSplit(limits)
                run.split = split
                run.calls = split.calls
            } else {
                run.split = nil
                run.calls = try typedEmbedding().calls(limits)
                // What was decoded belongs to the exchange's own copy.
                run.request = embedding?.value.request
            }
        }
        let written: SplicedBody
        if passes, run.calls.count == 1 || run.split != nil {
            let spliced = body.spliced(run.form.dialect, for: target, facts: facts)
            run.dropped = target.quirks.dropParams.filter { body.hasMember($0) }
            if let split = run.split, !split.isWhole {
                written = SplicedBody(body.part(run.current, of: split, run.form.dialect, for: target, facts: facts))
            } else {
                written = spliced
            }
        } else {
            var part = try typedEmbedding().part(run.inputs)
            run.request = embedding?.value.request
            part.model = target.upstreamModel
            let encoded = try codec.encodeRequest(part).leavingOut(target.quirks.dropParams)
                .renaming(target.quirks.embeddingNames)
            run.dropped = encoded.dropped.map(run.form.callerPath)
            written = SplicedBody(encoded.body)
        }
        run.upstream = codec
        run.pending = UpstreamRequest(path: path, accept: "application/json", body: written)
        embedding?.value = run
    }

    /// A call's answer is complete: the next call begins, or the caller gets the vectors.
    mutating func embeddingAnswered(
        _ index: Int,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let leg = call?.legs[index], let run = embedding?.value else { return }
        let response: EmbeddingResponse
        do throws(ChatFailure) {
            var answer = try run.upstream.decodeResponse(Array(leg.held.readableBytesView), count: run.inputs.count)
            if answer.usage == nil, let tokens = leg.told?.inputTokens {
                answer.usage = Usage(inputTokens: tokens, outputTokens: 0)
            }
            response = answer
        } catch {
            return embeddingFailed(leg, error, &env, &actions)
        }
        do throws(GatewayError) {
            addUsage(try usage(response, of: run.inputs))
        } catch {
            return fail(with: error, &env, &actions)
        }
        if run.calls.count <= 1 { return giveVectors(response, leg, &env, &actions) }
        var joiner = run.joiner ?? EmbeddingJoiner(calls: run.calls)
        do throws(ChatFailure) {
            try joiner.add(response, of: run.current)
        } catch {
            return embeddingFailed(leg, error, &env, &actions)
        }
        let received = run.received + leg.held.readableBytes
        guard received <= snapshot.limits.maxUpstreamBodyBytes else {
            let text =
                "The vectors of all inputs are larger than \(snapshot.limits.maxUpstreamBodyBytes) bytes;"
                + " ask for fewer at once."
            return fail(with: GatewayError(.requestTooLarge, text, param: "input"), &env, &actions)
        }
        if joiner.isComplete {
            guard var joined = joiner.joined() else { return }
            joined.usage = answer.usage
            return giveVectors(joined, leg, &env, &actions)
        }
        embedding?.value.joiner = joiner
        embedding?.value.received = received
        embedding?.value.current += 1
        nextEmbeddingCall(after: leg, &env, &actions)
    }

    /// The next call goes to the target that answered: vectors of different models must not mix.
    private mutating func nextEmbeddingCall(
        after leg: Leg,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        // Under the same leave: what is half paid for is not refused because another request tries the target.
        let isCallers = usesCallerCredential(leg.target)
        call?.permit = env.attemptAnswered(on: leg.target, leg.permit, isCallers: isCallers)
        release(leg, outcome: "ok", &actions)
        plan?.targets = [leg.target]
        call?.machine.beginNextPart()
        call?.redialled = false
        beginAttempt(&env, &actions)
    }

    /// What came is no answer.
    private mutating func embeddingFailed(
        _ leg: Leg,
        _ failure: ChatFailure,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let reason = leg.failure(for: failure)
        if case .upstream(let said) = failure, let status = reason.status, let run = embedding?.value {
            let bytes = run.form.codec.encodeFailure(said, status: status)
            call?.lastBody = UpstreamErrorBody(status: status, body: ByteBuffer(bytes: bytes))
        }
        attemptFailed(leg.id, reason, &env, &actions)
    }

    /// An upstream's error in the caller's format.
    func embeddingFailure(_ leg: Leg) -> (said: UpstreamFailure, body: ByteBuffer)? {
        guard let run = embedding?.value else { return nil }
        var said = run.upstream.decodeFailure(Array(leg.held.readableBytesView))
        said.type = said.type ?? leg.told?.errorType
        if run.form.passes(leg.target.dialect) { return (said, leg.held) }
        return (said, ByteBuffer(bytes: run.form.codec.encodeFailure(said, status: leg.status)))
    }

    private mutating func addUsage(_ usage: Usage) {
        guard let sum = answer.usage else {
            answer.usage = usage
            return
        }
        var both = sum.adding(usage)
        both.inputTokens = min(both.inputTokens, Usage.largestCount)
        answer.usage = both
    }

    /// What a call for some of the inputs cost, estimated where the provider did not say.
    private mutating func usage(
        _ response: EmbeddingResponse,
        of inputs: Range<Int>
    ) throws(GatewayError) -> Usage {
        if let usage = response.usage { return usage }
        let tokens = try typedEmbedding().part(inputs).estimatedInputTokens
        return Usage(inputTokens: tokens, outputTokens: 0, estimated: true)
    }

    /// Settles, and sends all vectors as they were asked for.
    private mutating func giveVectors(
        _ response: EmbeddingResponse,
        _ leg: Leg,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let run = embedding?.value else { return }
        let vectors: ByteBuffer
        do throws(GatewayError) {
            if run.passes(response, from: leg.target.dialect, as: body.asksForBase64 ? .base64 : .float) {
                vectors = leg.held
            } else {
                vectors = ByteBuffer(bytes: try writeVectors(response, run.form))
            }
        } catch {
            // The vectors hold what is no number: another target may do better.
            return attemptFailed(leg.id, AttemptFailure(.badResponse, status: leg.status), &env, &actions)
        }
        call?.winner = leg.id
        finishVectors(vectors, &env, &actions)
    }

    private mutating func writeVectors(
        _ response: EmbeddingResponse,
        _ form: EmbeddingForm
    ) throws(GatewayError) -> [UInt8] {
        let request = try typedEmbedding()
        do throws(ChatFailure) {
            return try form.codec.encodeResponse(response, to: request, model: facts.model?.rawValue)
        } catch {
            throw GatewayError(.providerError, "The vectors hold what is no number.")
        }
    }

    private mutating func finishVectors(
        _ body: ByteBuffer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        stage = .relay
        answer.status = 200
        trace.add(.committed, call?.machine.target ?? 0, 200)
        var head = ResponseHead(
            status: 200,
            contentType: "application/json",
            contentLength: body.readableBytes,
            facts: answerFacts()
        )
        head.facts.cost = answer.usage.flatMap { usage in
            answeringTarget.flatMap { Charge(usage, on: $0, after: nil).cost }
        }
        settle(.settled, &env, &actions)
        actions.add(.respond(head))
        actions.add(.body(body))
        actions.add(.endBody)
    }

    /// The built-in model's vectors, made without a call.
    mutating func vectorsFromMock(_ id: LegID, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        let bytes: [UInt8]
        do throws(GatewayError) {
            let request = try typedEmbedding()
            let response = try MockModel().embeddings(for: request)
            answer.usage = response.usage
            guard let form = embedding?.value.form else { return }
            bytes = try writeVectors(response, form)
        } catch {
            let provider = answeringTarget?.account.rawValue ?? "none"
            if let index = call?.index(of: id), let leg = call?.legs.remove(at: index) {
                env.attemptEnded(on: leg.target, leg.permit, .abandoned)
            }
            call?.outcomes.append(.init(provider: provider, outcome: "client_error"))
            answer.usage = nil
            return fail(with: error, &env, &actions)
        }
        recordIntent(of: id, &env, &actions)
        answer.sentAt = env.now
        answer.upstreamEnded = env.now
        call?.winner = id
        finishVectors(ByteBuffer(bytes: bytes), &env, &actions)
    }
}

import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore

/// Answers that are made by the gateway itself: errors, pages and lists.
extension Exchange {
    /// Refuses a request that never was admitted.
    ///
    /// - Parameter closing: Whether the connection ends with the answer, because the body is not read.
    mutating func refuse(
        _ error: GatewayError,
        closing: Bool,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        send(error, closing: closing, &env, &actions)
    }

    /// Ends an admitted request with an error: a plain answer before the commit point, a last event after it.
    mutating func fail(
        with error: GatewayError,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if answer.isCommitted { return endStream(with: error, &env, &actions) }
        send(error, closing: false, &env, &actions)
    }

    private mutating func send(
        _ error: GatewayError,
        closing: Bool,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let (status, body) = ErrorBody.render(error, surface: surface, requestID: requestID.description)
        answer.status = status
        answer.errorCode = error.code
        var head = ResponseHead(
            status: status,
            contentType: "application/json",
            contentLength: body.readableBytes,
            facts: answerFacts()
        )
        head.closes = closing || bodyIsUnread
        if let seconds = error.retryAfterSeconds {
            head.more.append(.init(name: "retry-after", value: String(seconds)))
        }
        if let allow = error.allow { head.more.append(.init(name: "allow", value: allow)) }
        if let retry = error.isFinal ? false : error.code.shouldRetry {
            head.more.append(.init(name: "x-should-retry", value: retry ? "true" : "false"))
        }
        if error.code == .unauthorized { head.more.append(.init(name: "www-authenticate", value: "Bearer")) }
        settle(.failed, &env, &actions)
        actions.add(.respond(head))
        actions.add(.body(body))
        actions.add(.endBody)
    }

    /// What the caller sees when nothing is left to try.
    mutating func giveUp(
        _ failure: AttemptFailure,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if !answer.isCommitted, let passed = passedBody(for: failure, &env) {
            answer.status = passed.status
            var head = ResponseHead(
                status: passed.status,
                contentType: passed.contentType,
                contentLength: passed.body.readableBytes,
                facts: answerFacts()
            )
            if passed.status == 429 {
                let wait = call?.machine.retryAfter ?? AttemptFailure.defaultWait
                head.more.append(.init(name: "retry-after", value: String(AttemptFailure.wholeSeconds(wait))))
            } else {
                head.more.append(.init(name: "x-should-retry", value: "false"))
            }
            settle(.failed, &env, &actions)
            actions.add(.respond(head))
            actions.add(.body(passed.body))
            actions.add(.endBody)
        } else {
            let isCallers = answeringTarget.map { isAboutCaller(failure, on: $0) } ?? false
            let error = failure.finalError(retryAfter: call?.machine.retryAfter, isCallers: isCallers)
            fail(with: error, &env, &actions)
        }
    }

    /// The upstream's own body, when the status shown is the upstream's own and nothing of ours is in it.
    private func passedBody(
        for failure: AttemptFailure,
        _ env: inout some ExchangeEnvironment
    ) -> UpstreamErrorBody? {
        guard let body = call?.lastBody, body.status == failure.status else { return nil }
        let isAlone = plan?.targets.count == 1
        switch failure.kind {
        case .clientError, .contextLength, .contentFilter: break
        case .notFound: guard isAlone else { return nil }
        // An empty body says less than the gateway's own, which has the same status.
        case .rateLimited: guard isAlone, !body.saysNothing else { return nil }
        default: return nil
        }
        let secrets = (plan?.targets ?? []).flatMap(\.headers).compactMap { $0.value.split(separator: " ").last }
        let bytes = body.body.readableBytesView
        for secret in secrets where secret.utf8.count >= 8 && bytes.firstRange(of: secret.utf8) != nil { return nil }
        for case let authorization? in (plan?.targets ?? []).map(\.authorization) where authorization.source != nil {
            if env.isShown(authorization, in: body.body) { return nil }
        }
        return body
    }

    /// Answers what needs no model from memory, or asks for what takes longer to make.
    mutating func answerFromMemory(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        switch endpoint {
        case .models where surface == .anthropic:
            answerModels(nil, &env, &actions)
        case .model(let id) where surface == .anthropic:
            answerModels(id, &env, &actions)
        case .models:
            guard let page = env.modelPage(nil) else {
                let error = GatewayError(.internalError, "There is no list of models.")
                return refuse(error, closing: hasBody, &env, &actions)
            }
            respond(with: page, &env, &actions)
        case .model(let id):
            guard let page = env.modelPage(id) else {
                let error = GatewayError(
                    .modelNotFound,
                    "The model `\(id)` does not exist or this key may not use it.",
                    param: "model"
                )
                return refuse(error, closing: hasBody, &env, &actions)
            }
            respond(with: page, &env, &actions)
        case .response(let path):
            guard let key = principal?.key else { return }
            stage = .relay
            let request = StoredResponseRequest(path: path, method: head.method, query: head.query, key: key)
            ask(.storedResponse(request), within: .seconds(10), &env, &actions)
        case .page(.metrics):
            stage = .relay
            ask(.page(.metrics), within: .seconds(10), &env, &actions)
        case .page(let page): respond(with: env.page(page), &env, &actions)
        case .ollama(let page): respond(with: ollamaPage(page), &env, &actions)
        case .chat, .countTokens, .fim, .embeddings, .pass, .control, nil: break
        }
    }

    /// Sends a page.
    mutating func respond(
        with page: PageAnswer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        answer.status = page.status
        var head = ResponseHead(
            status: page.status,
            contentType: page.contentType,
            contentLength: page.body.readableBytes,
            facts: answerFacts()
        )
        if let allow = page.allow { head.more.append(.init(name: "allow", value: allow)) }
        head.closes = bodyIsUnread
        settle(page.status < 400 ? .settled : .failed, &env, &actions)
        actions.add(.respond(head))
        actions.add(.body(page.body))
        actions.add(.endBody)
    }

    /// What every answer tells about its request; who answers only where a plan exists.
    func answerFacts() -> ResponseHead.Facts {
        var facts = ResponseHead.Facts(requestID: requestID)
        facts.cache = answer.cache.rawValue
        facts.target = answeringTarget ?? currentTarget ?? plan?.targets.first
        facts.attempts = call?.machine.attempts ?? 0
        facts.dropped = answer.dropped
        facts.allowedOrigin = CORS.allowed(head.origin, by: snapshot.server.corsOrigins)
        return facts
    }
}

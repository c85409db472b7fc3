import MartletCore
import MartletGovernance
import MartletRouting

extension Exchange {
    /// Stage *receive*: what the head alone decides.
    mutating func receive(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        if let refusal = head.refusal { return refuse(refusal, closing: true, &env, &actions) }
        endpoint = PathMatcher.endpoint(
            of: head.path,
            basePaths: snapshot.server.basePaths,
            metricsPath: snapshot.observability.prometheusPath
        )
        guard let endpoint, isServed(endpoint) else {
            return refuse(GatewayError(.notFound, "There is nothing at this path."), closing: hasBody, &env, &actions)
        }
        guard endpoint.has(head.method) else {
            if head.method == .options { return answerOptions(endpoint, &env, &actions) }
            let error = GatewayError(
                .methodNotAllowed,
                "This path does not have the method \(head.method.name).",
                allow: endpoint.allow
            )
            return refuse(error, closing: hasBody, &env, &actions)
        }
        if let expectation = head.expectation, expectation.lowercased() != "100-continue" {
            return refuse(
                GatewayError(.expectationFailed, "Only Expect: 100-continue is known."),
                closing: true,
                &env,
                &actions
            )
        }
        if !hostIsAllowed {
            let error = GatewayError(
                .hostNotAllowed,
                "This host name is not served here; add it to server.allowed_hosts."
            )
            return refuse(error, closing: hasBody, &env, &actions)
        }
        switch endpoint {
        case .chat(let dialect): format = CallerFormat(dialect)
        case .countTokens: format = CallerFormat(.anthropicMessages)
        case .fim: format = .fim
        case .embeddings(let form):
            format = CallerFormat(form.dialect)
            embedding = Boxed(EmbeddingRun(form))
        default: break
        }
        stage = .authenticate
        authenticate(&env, &actions)
    }

    /// Whether a body follows the head.
    var hasBody: Bool { head.contentLength.map { $0 > 0 } ?? head.isChunked }

    /// Whether bytes of the body may still come that nobody will read.
    var bodyIsUnread: Bool { hasBody && bodyComplete == nil }

    private func isServed(_ endpoint: EndpointKind) -> Bool {
        // Files of Anthropic's clients belong to Anthropic, and to no provider that has OpenAI's API.
        if case .pass = endpoint, surface == .anthropic { return false }
        if case .page(.metrics) = endpoint { return snapshot.observability.prometheusEnabled }
        return true
    }

    /// Guards a loopback listener against names that browsers were made to resolve to it.
    private var hostIsAllowed: Bool {
        guard snapshot.server.isLoopback || !snapshot.server.allowedHosts.isEmpty else { return true }
        // A page that was made to resolve here can send any header: a key counts only where keys are checked.
        if head.presentsCredential, snapshot.auth.enabled { return true }
        let host = Self.hostName(head.host ?? "")
        return Loopback.isHost(host) || snapshot.server.allowedHosts.contains { $0.lowercased() == host }
    }

    /// The name in a `Host` field, without port and brackets, in lower case.
    static func hostName(_ field: String) -> String {
        let bytes = field.utf8
        if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
            return String(field[field.index(after: field.startIndex)..<end]).lowercased()
        }
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return field.lowercased() }
        return String(field[..<colon]).lowercased()
    }

    private mutating func answerOptions(
        _ endpoint: EndpointKind,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        var answerHead = ResponseHead(status: 204, contentType: "", contentLength: 0, facts: answerFacts())
        answerHead.more.append(.init(name: "allow", value: endpoint.allow))
        if answerHead.facts.allowedOrigin != nil {
            answerHead.more += CORS.preflight(methods: endpoint.allow, requested: head.requestedHeaders)
        }
        answerHead.closes = hasBody
        answer.status = 204
        settle(.settled, &env, &actions)
        actions.add(.respond(answerHead))
        actions.add(.endBody)
    }
}

import MartletCore
import MartletGovernance
import MartletRouting

extension Exchange {
    /// Stage *authenticate*: who asks, and whether there is room for a request at all.
    mutating func authenticate(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        switch access {
        case .open:
            return answerFromMemory(&env, &actions)
        case .inference where !snapshot.auth.enabled:
            principal = .anonymous
            return authorized(&env, &actions)
        default:
            break
        }
        let presented = credentials()
        guard !presented.isEmpty else { return authenticated(.refused, &env, &actions) }
        authenticated(env.authenticate(presented), &env, &actions)
    }

    /// Goes on once the presented credentials are known or refused.
    mutating func authenticated(
        _ result: AuthAnswer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        switch result {
        case .principal(let found):
            principal = found
            authorized(&env, &actions)
        case .refused:
            // One text for missing, unknown, expired and revoked keys: nothing is told to who guesses.
            let error = GatewayError(.unauthorized, "A valid API key is needed: Authorization: Bearer <key>.")
            refuse(error, closing: hasBody, &env, &actions)
        case .mustAsk:
            ask(.authenticate(credentials()), within: .seconds(5), &env, &actions)
        case .unavailable:
            let error = GatewayError(
                .dependencyUnavailable,
                "Keys cannot be checked at the moment.",
                retryAfterSeconds: 1
            )
            refuse(error, closing: hasBody, &env, &actions)
        }
    }

    private mutating func authorized(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let principal, let endpoint else { return }
        switch access {
        case .open: break
        case .admin:
            guard principal.scopes.contains(.admin) else {
                let text =
                    "This needs the admin key (ADMIN_KEY), or a key with the admin scope:"
                    + " martlet keys create --scopes inference,admin."
                return refuse(GatewayError(.forbidden, text), closing: hasBody, &env, &actions)
            }
        case .inference:
            guard principal.scopes.contains(.inference) || principal.key == .admin else {
                return refuse(
                    GatewayError(.forbidden, "This key may not call models."),
                    closing: hasBody,
                    &env,
                    &actions
                )
            }
        case .anyKey: break
        }
        switch endpoint {
        case .chat, .countTokens, .fim, .embeddings, .pass, .ollama(.show), .control: expectBody(&env, &actions)
        default: answerFromMemory(&env, &actions)
        }
    }

    /// Checks what can be checked before a body is read, and asks for it.
    private mutating func expectBody(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        if let error = bodyRefusal() { return refuse(error, closing: true, &env, &actions) }
        if isInference, let error = shed(&env) {
            return refuse(error, closing: hasBody, &env, &actions)
        }
        stage = .scan
        deadlines.bodyBegan = env.now
        if head.expectation != nil, hasBody { actions.add(.sendContinue) }
        actions.add(.readClient)
        arm(&actions)
    }

    private func bodyRefusal() -> GatewayError? {
        if let length = head.contentLength, length > bodyLimit {
            return GatewayError(.requestTooLarge, "The request body is larger than \(bodyLimit) bytes.")
        }
        if let encoding = head.contentEncoding, encoding.lowercased() != "identity" {
            return GatewayError(.unsupportedMediaType, "Only Content-Encoding: identity is accepted.")
        }
        guard isInference else { return nil }
        // curl's default type, or none, is accepted from who shows a key and is no browser; the body must be JSON.
        let type = MediaType.essence(of: head.contentType ?? "")
        if MediaType.isJSON(type) { return nil }
        if passThrough != nil, type == "multipart/form-data" || !hasBody { return nil }
        let isDefault =
            type.isEmpty || type == "application/x-www-form-urlencoded" || type == "application/octet-stream"
        if isDefault, head.presentsCredential, head.origin == nil { return nil }
        return GatewayError(.unsupportedMediaType, "Content-Type must be application/json.")
    }

    /// Refuses new work while the process ends, memory is short or nothing can be recorded.
    private func shed(_ env: inout some ExchangeEnvironment) -> GatewayError? {
        if env.isDraining { return GatewayError(.draining, "The gateway is shutting down.", retryAfterSeconds: 1) }
        if env.memory == .critical {
            return GatewayError(.overloaded, "The gateway is out of memory.", retryAfterSeconds: 1)
        }
        if !env.spoolHasRoom {
            return GatewayError(.dependencyUnavailable, "Usage cannot be recorded at the moment.", retryAfterSeconds: 5)
        }
        return nil
    }

    /// Bytes of body the endpoint takes.
    var bodyLimit: Int {
        switch endpoint {
        case .control: 1 << 20
        case .ollama: 1 << 16
        default: snapshot.limits.maxBodyBytes
        }
    }

    private enum Access { case open, anyKey, inference, admin }

    private var access: Access {
        switch endpoint {
        case .page(.metrics):
            if head.path.hasPrefix("/admin/") { return .admin }
            return snapshot.observability.prometheusPublic || !snapshot.auth.enabled ? .open : .anyKey
        case .page, .ollama(.root), .ollama(.version), nil: return .open
        case .control: return .admin
        case .chat, .countTokens, .fim, .embeddings, .pass, .response, .models, .model, .ollama: return .inference
        }
    }

    /// What the head carries.
    private func credentials() -> Credentials {
        Credentials(authorization: head.authorization, xAPIKey: head.xAPIKey, apiKey: head.apiKey)
    }
}

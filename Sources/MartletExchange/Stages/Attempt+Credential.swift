import MartletCore
import MartletRouting

/// Credentials that must be fetched, renewed, or that callers send.
extension Exchange {
    /// How long a service may take to get one; it gives up by itself before.
    private static var credentialLimit: Duration { .seconds(15) }
    /// What callers are told: the cause names files, tenants and services, which are no business of theirs.
    private static var fetchFailed: String { "it could not be obtained; the gateway's log says why" }

    /// Sees to it that a request to a target can show who sends it.
    ///
    /// - Returns: Whether it can; otherwise an event tells when, or the target is passed over.
    mutating func authorize(
        _ target: Target,
        by authorization: Authorization,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        if callerCredential(for: authorization) != nil { return true }
        guard authorization.source != nil else {
            if authorization.isOptional { return true }
            let key = authorization.caller?.key ?? ""
            let field = Self.callerPrefix + key
            let isThere = head.credentials.contains { $0.name == key.lowercased() && !$0.value.isEmpty }
            let words =
                isThere
                ? "\(field) holds bytes that no credential has."
                : "Account \(target.account) takes the request's own credential: send it as \(field)."
            let code: GatewayError.Code = isThere ? .invalidValue : .missingRequiredParameter
            passOver(target, GatewayError(code, words, param: field), isTargets: false, &env, &actions)
            return false
        }
        switch env.credential(authorization, mayFetch: privacy == .open) {
        case .ready:
            return true
        case .mustAsk where privacy == .open:
            ask(.credential(CredentialRequest(authorization)), within: Self.credentialLimit, &env, &actions)
        case .mustAsk:
            let reason = "it must be fetched, which a request that stays on this device may not"
            passOver(target, Self.noCredential(target, reason), isTargets: false, &env, &actions)
        case .failed:
            passOver(target, Self.noCredential(target, Self.fetchFailed), &env, &actions)
        }
        return false
    }

    /// Goes on when a credential was asked for.
    mutating func credentialAnswered(
        _ credential: CredentialAnswer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let target = currentTarget else { return }
        if call?.renewal == .asked {
            call?.renewal = .over
            guard let leg = call?.legs.first else { return }
            guard credential == .ready else { return errorBodyEnded(leg, &env, &actions) }
            drop(leg, outcome: AttemptFailure(.auth).outcomeLabel, .abandoned, &env, &actions)
            trace.add(.failed, Int(AttemptFailure.Kind.auth.rawValue), leg.status, leg.place)
            return beginAttempt(&env, &actions)
        }
        if credential == .failed {
            return passOver(target, Self.noCredential(target, Self.fetchFailed), &env, &actions)
        }
        enterTargetSlot(target, &env, &actions)
    }

    /// Renews a credential that the target refused, once in a call.
    ///
    /// - Returns: Whether that is being done; an event tells what came of it.
    mutating func renewsCredential(
        of leg: Leg,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        guard let authorization = leg.target.authorization, authorization.source != nil, let sentAt = leg.sentAt,
            privacy == .open, call?.renewal == .possible, call?.legs.count == 1, !env.isDraining,
            callerCredential(for: authorization) == nil
        else { return false }
        call?.renewal = .asked
        call?.legs[0].deadlines = LegDeadlines()
        deadlines.hedge = nil
        // What it still has to say is not waited for.
        actions.add(.cancelLeg(leg.id))
        let request = CredentialRequest(authorization, refusedSince: sentAt)
        ask(.credential(request), within: Self.credentialLimit, &env, &actions)
        return true
    }

    private static func noCredential(_ target: Target, _ reason: String) -> GatewayError {
        GatewayError(.providerAuthError, "No credential for account \(target.account): \(reason).")
    }

    /// A target without a credential is passed over while others are left.
    ///
    /// - Parameters:
    ///   - error: What the caller is told when none is left.
    ///   - isTargets: Whether others would fail there, too.
    private mutating func passOver(
        _ target: Target,
        _ error: GatewayError,
        isTargets: Bool = true,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let failure = AttemptFailure(.auth)
        call?.outcomes.append(.init(provider: target.account.rawValue, outcome: failure.outcomeLabel))
        // What a caller leaves out says nothing about the target.
        endPermit(isTargets && target.authorization?.source != nil ? .failed(failure) : .abandoned, &env)
        trace.add(.failed, Int(failure.kind.rawValue), 0, call?.machine.target ?? 0)
        guard let machine = call?.machine, !machine.isLastTarget else {
            if let failure = call?.machine.endingSoFar { return giveUp(failure, &env, &actions) }
            return fail(with: error, &env, &actions)
        }
        call?.machine.skip(to: machine.nextTarget)
        beginAttempt(&env, &actions)
    }

    // MARK: What callers send

    /// Before the name that a caller gives a credential.
    static var callerPrefix: String { "x-gateway-credential-" }

    /// What a caller sent for a target.
    func callerCredential(for authorization: Authorization) -> String? {
        guard let caller = authorization.caller, !head.credentials.isEmpty else { return nil }
        let name = caller.key.lowercased()
        guard let value = head.credentials.first(where: { $0.name == name })?.value, !value.isEmpty,
            value.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else { return nil }
        return value
    }

    /// Whether requests to a target show who the caller is, not the gateway.
    func usesCallerCredential(_ target: Target) -> Bool {
        target.authorization.flatMap { callerCredential(for: $0) } != nil
    }

    /// Whether a failure is about the key that the caller sent, and so about nobody else's requests.
    func isAboutCaller(_ failure: AttemptFailure, on target: Target) -> Bool {
        switch failure.kind {
        case .auth, .rateLimited, .quotaExhausted: usesCallerCredential(target)
        default: false
        }
    }

    /// Puts what the caller sent into a request.
    func addCallerCredential(_ authorization: Authorization, to request: inout UpstreamRequest) {
        guard let value = callerCredential(for: authorization),
            case .field(let name, let prefix)? = authorization.caller?.form
        else { return }
        request.fields.removeAll { $0.name == name }
        request.fields.append(HeaderField(name: name, value: prefix + value))
        request.isAuthorized = true
    }
}

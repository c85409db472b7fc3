public import MartletCore

/// Turns what a request says into a plan; pure, and independent of how many models exist.
public enum Planner {
    /// Makes the plan.
    ///
    /// - Throws: `model_not_found`, `model_not_allowed`, `local_not_configured`, `local_unavailable` or `forbidden`.
    public static func plan(_ request: PlanRequest, in snapshot: Snapshot) throws(GatewayError) -> Plan {
        let wantsLocal = request.route == .local || request.provider == "local"
        var reason = RouteReason.named
        var asked = request.model ?? ""
        // `auto` without a model that stands for it, as when only the built-in model exists, means the default.
        let isUnresolvedAuto = asked == "auto" && (wantsLocal || snapshot.models[ModelName("auto")] == nil)
        if asked.isEmpty || asked == "default" || isUnresolvedAuto {
            asked = try defaultModel(local: wantsLocal, in: snapshot)
            reason = .defaultModel
        }
        var (entry, passesThrough) = try entry(
            named: asked,
            local: wantsLocal,
            provider: request.provider,
            in: snapshot
        )
        for name in request.fallbacks {
            if let next = snapshot.models[ModelName(name)] {
                entry.targets += next.targets
            } else if let (account, model) = passthrough(name, provider: nil, in: snapshot) {
                entry.targets.append(account.makeTarget(model))
            } else {
                throw unknownModel(name, in: snapshot)
            }
        }
        var targets = entry.targets
        if passesThrough { reason = .passthrough }
        if wantsLocal || request.privacy == .localOnly {
            reason = wantsLocal ? .route : .privacy
            targets = targets.filter(\.isLocal)
            if targets.isEmpty { throw noLocalTarget(in: snapshot) }
        } else if request.route == .cloud {
            reason = .route
            targets = targets.filter { !$0.isLocal }
            if targets.isEmpty { throw notServed(asked, by: "target of the route `cloud`") }
        }
        if let name = request.provider, name != "local" {
            reason = .provider
            let wanted = account(AccountName(name), in: snapshot)?.name ?? AccountName(name)
            targets = targets.filter { $0.account == wanted }
            if targets.isEmpty { throw notServed(asked, by: "target of the provider `\(printable(name))`") }
        }
        // A configured name whose accounts are all off has no targets.
        if targets.isEmpty { throw unknownModel(asked, in: snapshot) }
        return Plan(label: entry.name.rawValue, targets: targets, reason: reason, isNamed: entry.isNamed)
    }

    private static func defaultModel(local: Bool, in snapshot: Snapshot) throws(GatewayError) -> String {
        if local {
            switch snapshot.local {
            case .notConfigured, .silent: throw noLocalTarget(in: snapshot)
            case .running(let engine):
                if let name = engine.defaultModel ?? engine.models.first { return "local:" + name }
                throw noLocalTarget(in: snapshot)
            }
        }
        guard let name = snapshot.defaultModel else {
            throw GatewayError(
                .missingRequiredParameter,
                "The request names no model and the gateway has no default model.",
                param: "model"
            )
        }
        return name.rawValue
    }

    private static func entry(
        named asked: String,
        local: Bool,
        provider: String?,
        in snapshot: Snapshot
    ) throws(GatewayError) -> (entry: ModelEntry, passesThrough: Bool) {
        let name = ModelName(asked)
        if let entry = snapshot.models[name], !local || entry.targets.contains(where: \.isLocal) {
            return (entry, false)
        }
        if asked.hasPrefix("local:") { throw localModelMissing(String(asked.dropFirst(6)), in: snapshot) }
        if local {
            if let entry = snapshot.models[ModelName("local:" + asked)] { return (entry, false) }
            // A model that is known, but not here, is never another model.
            if snapshot.models[name] != nil, !snapshot.local.reports(asked) { throw noLocalTarget(in: snapshot) }
            throw localModelMissing(asked, in: snapshot)
        }
        if let (account, model) = passthrough(asked, provider: provider, in: snapshot) {
            let registered = account.registeredName(model)
            let target = account.makeTarget(model)
            return (ModelEntry(name: registered ?? name, targets: [target], isNamed: registered != nil), true)
        }
        throw unknownModel(asked, in: snapshot)
    }

    /// `account::model` and `account/model`, where a provider's type stands for its account, too; or a named provider
    /// with a model the registry does not know.
    private static func passthrough(
        _ asked: String,
        provider: String?,
        in snapshot: Snapshot
    ) -> (Account, String)? {
        for (provider, model) in shorthands(asked) {
            if let account = account(provider, in: snapshot) { return (account, model) }
        }
        if let provider, let account = account(AccountName(provider), in: snapshot) { return (account, asked) }
        return nil
    }

    /// The two ways to read a name as a provider with a model of its.
    private static func shorthands(_ asked: String) -> [(provider: AccountName, model: String)] {
        let bytes = asked.utf8
        return ["::", "/"].compactMap { separator in
            guard let end = bytes.firstRange(of: separator.utf8), end.lowerBound > bytes.startIndex,
                end.upperBound < bytes.endIndex
            else { return nil }
            return (AccountName(String(asked[..<end.lowerBound])), String(asked[end.upperBound...]))
        }
    }

    private static func account(_ name: AccountName, in snapshot: Snapshot) -> Account? {
        snapshot.accounts[name] ?? snapshot.accountsByType[name].flatMap { snapshot.accounts[$0] }
    }

    private static func unknownModel(_ name: String, in snapshot: Snapshot) -> GatewayError {
        func notFound(_ message: String) -> GatewayError { GatewayError(.modelNotFound, message, param: "model") }
        if let told = snapshot.retired[ModelName(name)] { return notFound(told) }
        for (provider, _) in shorthands(name) where snapshot.offProviders.contains(provider) {
            return notFound(
                "The provider `\(printable(provider.rawValue))` is not on here, so `\(printable(name))` cannot be asked."
            )
        }
        // Only so many names are looked at, so that a wrong one costs the same however many there are.
        let near = Suggestion.nearest(to: name, among: snapshot.listed.prefix(512).lazy.map(\.id))
        let hint = near.map { " Did you mean `\(printable($0))`?" } ?? ""
        return notFound("The model `\(printable(name))` does not exist or this key may not use it.\(hint)")
    }

    /// The model exists, but not where the request lets it be asked.
    private static func notServed(_ name: String, by whom: String) -> GatewayError {
        GatewayError(.modelNotFound, "No \(whom) serves the model `\(printable(name))`.", param: "model")
    }

    private static func noLocalTarget(in snapshot: Snapshot) -> GatewayError {
        switch snapshot.local {
        case .notConfigured:
            GatewayError(
                .localNotConfigured,
                "No local engine is configured or was found on this machine. Set LOCAL_LLM_BASE_URL or [local] base_url,"
                    + " or start one on a loopback port."
            )
        case .silent:
            GatewayError(.localUnavailable, "The local engine does not answer.", retryAfterSeconds: 5)
        case .running:
            GatewayError(.localUnavailable, "No local target can serve this model.", retryAfterSeconds: 5)
        }
    }

    private static func localModelMissing(_ name: String, in snapshot: Snapshot) -> GatewayError {
        guard case .running(let engine) = snapshot.local else { return noLocalTarget(in: snapshot) }
        if let allowed = engine.allowed, !allowed.contains(where: { bytesEqual($0, name) }) {
            return GatewayError(
                .modelNotAllowed,
                "The local model `\(printable(name))` is not allowed here. Allowed: \(allowed.joined(separator: ", ")).",
                param: "model"
            )
        }
        return unknownModel("local:" + name, in: snapshot)
    }

    /// Names in messages are cut to 256 bytes; anything but visible ASCII is shown as `?`.
    private static func printable(_ name: String) -> String {
        String(decoding: name.utf8.prefix(256).map { $0 > 32 && $0 < 127 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func bytesEqual(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}

extension LocalEngine {
    /// Whether the engine runs and has a model of this name.
    fileprivate func reports(_ name: String) -> Bool {
        guard case .running(let engine) = self else { return false }
        return engine.models.contains { $0.utf8.elementsEqual(name.utf8) }
    }
}

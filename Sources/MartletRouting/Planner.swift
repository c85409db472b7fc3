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
        var entry = try entry(named: asked, local: wantsLocal, provider: request.provider, in: snapshot)
        for name in request.fallbacks {
            guard let next = snapshot.models[ModelName(name)] else { throw unknownModel(name) }
            entry.targets += next.targets
        }
        var targets = entry.targets
        if !entry.isNamed { reason = .passthrough }
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
            targets = targets.filter { $0.account.rawValue == name }
            if targets.isEmpty { throw notServed(asked, by: "target of the provider `\(printable(name))`") }
        }
        // A configured name whose accounts are all off has no targets.
        if targets.isEmpty { throw unknownModel(asked) }
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
    ) throws(GatewayError) -> ModelEntry {
        let name = ModelName(asked)
        if let entry = snapshot.models[name], !local || entry.targets.contains(where: \.isLocal) { return entry }
        if asked.hasPrefix("local:") { throw localModelMissing(String(asked.dropFirst(6)), in: snapshot) }
        if local {
            if let entry = snapshot.models[ModelName("local:" + asked)] { return entry }
            // A model that is known, but not here, is never another model.
            if snapshot.models[name] != nil, !snapshot.local.reports(asked) { throw noLocalTarget(in: snapshot) }
            throw localModelMissing(asked, in: snapshot)
        }
        if let (account, model) = passthrough(asked, provider: provider, in: snapshot) {
            return ModelEntry(name: name, targets: [account.makeTarget(model)], isNamed: false)
        }
        throw unknownModel(asked)
    }

    /// `account::model`, `account/model`, or a named provider with a model the registry does not know.
    private static func passthrough(
        _ asked: String,
        provider: String?,
        in snapshot: Snapshot
    ) -> (Account, String)? {
        let bytes = asked.utf8
        for separator in ["::", "/"] {
            guard let end = bytes.firstRange(of: separator.utf8), end.lowerBound > bytes.startIndex,
                end.upperBound < bytes.endIndex,
                let account = snapshot.accounts[AccountName(String(asked[..<end.lowerBound]))]
            else { continue }
            return (account, String(asked[end.upperBound...]))
        }
        if let provider, let account = snapshot.accounts[AccountName(provider)] { return (account, asked) }
        return nil
    }

    private static func unknownModel(_ name: String) -> GatewayError {
        GatewayError(
            .modelNotFound,
            "The model `\(printable(name))` does not exist or this key may not use it.",
            param: "model"
        )
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
        return unknownModel("local:" + name)
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

public import MartletCore

/// Turns what a request says into a plan; pure, and independent of how many models exist.
public enum Planner {
    /// Makes the plan from what the configuration says alone, for pages that describe.
    ///
    /// - Throws: As ``plan(_:in:asking:trace:)``.
    public static func plan(_ request: PlanRequest, in snapshot: Snapshot) throws(GatewayError) -> Plan {
        var environment = QuietPlanning()
        var trace = DecisionTrace()
        return try plan(request, in: snapshot, asking: &environment, trace: &trace)
    }

    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - request: What the request says.
    ///   - snapshot: The configuration.
    ///   - env: What is known of targets, and chance.
    ///   - trace: Told what was decided, by which rule, with which values.
    /// - Throws: `model_not_found`, `model_not_allowed`, `local_not_configured`, `local_unavailable` or `forbidden`.
    public static func plan(
        _ request: PlanRequest,
        in snapshot: Snapshot,
        asking env: inout some PlanningEnvironment,
        trace: inout DecisionTrace
    ) throws(GatewayError) -> Plan {
        let named = try Named(request, in: snapshot)
        let (asked, route, wantsLocal) = (named.name, named.route, named.wantsLocal)
        let (entry, passesThrough) = try entry(
            named: asked,
            local: wantsLocal,
            provider: request.provider,
            in: snapshot
        )
        var reason = named.reason
        var filter = TargetFilter()
        if passesThrough { reason = .passthrough }
        if let alias = entry.alias, reason == .named { reason = alias.strategy.reason }
        if wantsLocal || request.privacy == .localOnly {
            reason = wantsLocal ? .route : .privacy
            filter.onlyLocal = true
        } else if route == .cloud {
            reason = .route
            filter.onlyRemote = true
        } else if route == .fallback {
            reason = .route
        }
        if let name = request.provider, name != "local" {
            reason = .provider
            filter.account = snapshot.account(AccountName(name))?.name ?? AccountName(name)
        }

        // Whoever names its own list means that one, on every route.
        var fallbacks: [ModelEntry] = []
        if !request.fallbacks.isEmpty {
            for (index, name) in request.fallbacks.enumerated() {
                guard let entry = try fallback(name, index, in: snapshot) else {
                    trace.add(.fallbackAway, index)
                    continue
                }
                fallbacks.append(entry)
            }
        } else if route == .fallback {
            fallbacks = snapshot.routing.fallbacks
        }
        var targets: [Target]
        if entry.alias != nil || !fallbacks.isEmpty {
            var ranker = AliasRanker(
                request: request,
                filter: filter,
                routing: snapshot.routing,
                random: env.random()
            )
            var seen: Set<TargetID> = []
            targets = []
            for (index, entry) in ([entry] + fallbacks).enumerated() {
                let countsTurn = index == 0 && request.countsTurns
                let own =
                    entry.alias.map { ranker.ranked($0, countsTurn: countsTurn, &env, &trace).map(\.target) }
                    ?? entry.targets.filter(filter.permits)
                for target in own where seen.insert(target.id).inserted { targets.append(target) }
            }
        } else {
            targets = filter.permitsAll ? entry.targets : entry.targets.filter(filter.permits)
        }
        if targets.isEmpty { throw nothingLeft(asked, request, filter, route, in: snapshot) }
        if named.localFirst { moveLocal(&targets, request, snapshot.routing, &trace) }
        putUnwellLast(&targets, &env, &trace)
        return Plan(label: entry.name.rawValue, targets: targets, reason: reason, isNamed: entry.isNamed)
    }

    /// Whether a hash of the beginning of the prompt would matter.
    public static func readsPrefix(_ request: PlanRequest, in snapshot: Snapshot) -> Bool {
        func reads(_ name: ModelName?) -> Bool {
            name.flatMap { snapshot.models[$0]?.alias?.readsPrefix } ?? false
        }
        let asked = request.model ?? ""
        let name = asked.isEmpty || asked == "default" ? snapshot.defaultModel : ModelName(asked)
        return reads(name) || request.fallbacks.contains { reads(ModelName($0)) }
            || snapshot.routing.fallbacks.contains { $0.alias?.readsPrefix ?? false }
    }

    /// Which name a request means, and on which route.
    private struct Named {
        var name: String
        var reason = RouteReason.named
        var route: Route?
        var wantsLocal: Bool
        /// Whether the targets here come first.
        var localFirst = false

        init(_ request: PlanRequest, in snapshot: Snapshot) throws(GatewayError) {
            name = request.model ?? ""
            route = request.route
            let saysNothing = name.isEmpty || name == "default"
            // A model of one's own choice goes by the default route only where it is none: `auto`.
            let meant = saysNothing ? snapshot.defaultModel : ModelName(name)
            let isAuto = Self.isAuto(meant, in: snapshot)
            if isAuto, route == nil, request.provider == nil { route = snapshot.routing.defaultRoute }
            wantsLocal = route == .local || request.provider == "local"
            // `auto` where no model stands for it, as when only the built-in model exists, means the default.
            if saysNothing || (isAuto && (wantsLocal || meant.flatMap { snapshot.models[$0] } == nil)) {
                name = try defaultModel(local: wantsLocal, in: snapshot)
                reason = .defaultModel
            }
            localFirst = route == .auto && !isAuto
        }

        /// Whether a name is one that leaves the choice to the gateway.
        private static func isAuto(_ name: ModelName?, in snapshot: Snapshot) -> Bool {
            guard let name else { return true }
            if snapshot.autoNames.contains(name) { return true }
            return (name.rawValue == "auto" || name.rawValue == "smartroute") && snapshot.models[name] == nil
        }
    }

    /// One of the models that are tried after the one asked for; `nil` for one that is known but not here now, such as a
    /// model of an engine that restarts: a request that may never need it is not refused for it.
    private static func fallback(
        _ name: String,
        _ index: Int,
        in snapshot: Snapshot
    ) throws(GatewayError) -> ModelEntry? {
        if let entry = snapshot.models[ModelName(name)] { return entry }
        if let (account, model) = passthrough(name, provider: nil, in: snapshot) {
            return ModelEntry(name: ModelName(name), targets: [account.makeTarget(model)])
        }
        if name.utf8.starts(with: "local:".utf8) || snapshot.away.contains(ModelName(name)) { return nil }
        if shorthands(name).contains(where: { snapshot.offProviders.contains($0.provider) }) { return nil }
        var error = unknownModel(name, in: snapshot)
        error.param = "fallbacks[\(index)]"
        throw error
    }

    /// Why no target may be asked.
    private static func nothingLeft(
        _ asked: String,
        _ request: PlanRequest,
        _ filter: TargetFilter,
        _ route: Route?,
        in snapshot: Snapshot
    ) -> GatewayError {
        if filter.onlyLocal { return notHere(in: snapshot) }
        // A configured name whose accounts are all off has no targets.
        let hasTargets = snapshot.models[ModelName(asked)].map { !$0.targets.isEmpty } ?? true
        guard hasTargets else { return unknownModel(asked, in: snapshot) }
        if filter.account != nil, let name = request.provider {
            return notServed(asked, by: "target of the provider `\(printable(name))`")
        }
        if filter.onlyRemote { return notServed(asked, by: "target of the route `cloud`") }
        return unknownModel(asked, in: snapshot)
    }

    /// The targets here first where the rules of `auto` let the request stay, else last.
    private static func moveLocal(
        _ targets: inout [Target],
        _ request: PlanRequest,
        _ routing: RoutingPolicy,
        _ trace: inout DecisionTrace
    ) {
        let here = targets.filter(\.isLocal)
        let rule = routing.localRule(request, here.first)
        trace.add(.autoRule, Int(rule.rawValue), Int(clamping: request.inputTokens))
        guard !here.isEmpty, here.count < targets.count else { return }
        let others = targets.filter { !$0.isLocal }
        targets = rule == .stays ? here + others : others + here
    }

    /// Puts targets that nothing speaks against first.
    ///
    /// The others keep their order behind them: those that limit the rate or refused their credential, then those whose
    /// circuit is open. None is left out, because it may be well again by the time its turn comes.
    private static func putUnwellLast(
        _ targets: inout [Target],
        _ env: inout some PlanningEnvironment,
        _ trace: inout DecisionTrace
    ) {
        guard targets.count > 1 else { return }
        // Nothing is copied as long as nothing is in the way.
        guard targets.contains(where: { env.standing(of: $0).obstacle != nil }) else { return }
        let standings = targets.map { env.standing(of: $0) }
        let ranks = standings.map { $0.obstacle?.rank ?? 0 }
        let order = targets.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
        targets = order.map { targets[$0] }
        // The first few, so that the trace has room for what comes of the others.
        for (index, place) in order.enumerated().filter({ standings[$0.element].obstacle != nil }).prefix(4) {
            guard let obstacle = standings[place].obstacle else { continue }
            let wait = standings[place].until.map { max(0, ($0 - env.now).wholeNanoseconds / 1_000_000) } ?? 0
            trace.add(.skipped, index, Int(obstacle.rawValue), Int(clamping: wait))
        }
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
            if snapshot.models[name] != nil, !snapshot.local.reports(asked) { throw notHere(in: snapshot) }
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
            if let account = snapshot.account(provider) { return (account, model) }
        }
        if let provider, let account = snapshot.account(AccountName(provider)) { return (account, asked) }
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

    /// A model that is known, but has no target here.
    private static func notHere(in snapshot: Snapshot) -> GatewayError {
        // Where nothing at all is set up on this device, that is what to mend.
        if case .notConfigured = snapshot.local,
            !snapshot.accounts.values.contains(where: { $0.makeTarget("").isLocal })
        {
            return noLocalTarget(in: snapshot)
        }
        return GatewayError(.localUnavailable, "No local target serves this model.", retryAfterSeconds: 5)
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

extension TargetStanding.Obstacle {
    /// Order among those that something speaks against: a hint may be out of date, an open circuit is not asked.
    fileprivate var rank: Int {
        switch self {
        case .coolingDown, .credentialRefused: 1
        case .busy, .circuitHalfOpen: 2
        case .circuitOpen, .outOfQuota: 3
        }
    }
}

import MartletCore
import MartletGovernance
import MartletRouting

/// What a request says about where it wants to go; the body wins over the header fields.
extension Exchange {
    /// Gathers what body, fields and configuration say.
    ///
    /// Where `routing.allow_request_override` is off, only what keeps a request on this device counts; the rest is
    /// named in `X-Gateway-Dropped`.
    mutating func planRequest() throws(GatewayError) -> PlanRequest {
        var request = PlanRequest(
            model: facts.model?.rawValue,
            route: try askedRoute(),
            provider: facts.provider,
            fallbacks: facts.fallbacks.map(\.rawValue),
            privacy: privacy
        )
        request.inputTokens = facts.estimatedInputTokens
        request.outputLimit = facts.outputTokenLimit
        request.smartRouting = facts.smartRouting
        if case .countTokens? = endpoint { request.countsTurns = false }
        if head.routing != nil { try readFields(into: &request) }
        if !snapshot.routing.allowsOverride { ignoreOverrides(in: &request) }
        if snapshot.readsPrefixes, Planner.readsPrefix(request, in: snapshot) {
            request.prefixHash = promptPrefix()
        }
        return request
    }

    /// The route in the body wins over the header.
    private func askedRoute() throws(GatewayError) -> Route? {
        guard let text = head.gatewayRoute else { return facts.route }
        guard let route = Route(asked: text) else {
            throw GatewayError(
                .invalidValue,
                "X-Gateway-Route is one of local, auto, cloud, fallback.",
                param: "X-Gateway-Route"
            )
        }
        return facts.route ?? route
    }

    private func readFields(into request: inout PlanRequest) throws(GatewayError) {
        if let text = head.routing?.smartRouting {
            switch text {
            case "1": request.smartRouting = request.smartRouting ?? true
            case "0": request.smartRouting = request.smartRouting ?? false
            default:
                let name = "X-Gateway-Smart-Routing"
                throw GatewayError(.invalidValue, "\(name) is 1 or 0.", param: name)
            }
        }
        if let text = head.routing?.quality {
            guard let quality = Quality(rawValue: text.lowercased()) else {
                let name = "X-Gateway-Quality"
                throw GatewayError(.invalidValue, "\(name) is one of best, balanced, fast.", param: name)
            }
            request.quality = quality
        }
    }

    /// Takes out what requests may not choose here.
    private mutating func ignoreOverrides(in request: inout PlanRequest) {
        var ignored: [String] = []
        // Whoever keeps a request here (`local`, as route or provider) only ever tightens what the configuration allows.
        if let route = request.route, route != .local {
            ignored.append(facts.route == nil ? "X-Gateway-Route" : "route")
            request.route =
                facts.route != nil && head.gatewayRoute.flatMap { Route(asked: $0) } == .local ? .local : nil
        }
        if let provider = request.provider, provider != "local", !isLocalAccount(provider) {
            ignored.append("provider")
            request.provider = nil
        }
        if !request.fallbacks.isEmpty {
            ignored.append("fallbacks")
            request.fallbacks = []
        }
        if request.smartRouting != nil {
            ignored.append(facts.smartRouting == nil ? "X-Gateway-Smart-Routing" : "smart_routing")
            request.smartRouting = nil
        }
        if request.quality != nil {
            ignored.append("X-Gateway-Quality")
            request.quality = nil
        }
        guard !ignored.isEmpty else { return }
        trace.add(.overrideIgnored)
        ignoredOverrides = Boxed(ignored)
    }

    private func isLocalAccount(_ name: String) -> Bool {
        snapshot.account(AccountName(name))?.makeTarget("").isLocal ?? false
    }

    /// A hash of what stays the same from turn to turn of a conversation, and of whose it is.
    private func promptPrefix() -> UInt64? {
        guard case .chat? = endpoint else { return nil }
        return body.promptPrefix(salt: StableHash.of(principal?.key.rawValue ?? ""))
    }
}

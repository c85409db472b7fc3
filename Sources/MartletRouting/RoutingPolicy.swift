public import MartletCore

/// What `[routing]` says: where requests go that do not say it themselves, and what they may say.
public struct RoutingPolicy: Sendable {
    /// The route of requests that name neither a model nor a route.
    public var defaultRoute = Route.auto
    /// Whether requests may choose: `route`, `fallbacks`, `smart_routing` and the `X-Gateway-*` fields of the same.
    public var allowsOverride = true
    /// What is tried after the model on the route `fallback`, when the request names nothing.
    public var fallbacks: [ModelEntry] = []
    /// The longest prompt, in tokens by the estimate rule, that `auto` leaves on this device.
    public var maxLocalPromptTokens: Int64 = 8_192
    /// Whether `X-Gateway-Quality` counts.
    public var heedsQuality = true
    /// Whether a tier is picked for requests that do not say.
    public var smartRouting = true

    /// Creates the defaults.
    public init() {}

    /// Why `auto` leaves a request on this device, or not.
    public enum LocalRule: UInt8, Sendable {
        /// It stays.
        case stays
        /// There is no model here.
        case noModel
        /// The prompt is too long.
        case tooLong
        /// The caller wants the best answer.
        case wantsBest
    }

    /// Judges whether a request should stay.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - local: The target here.
    func localRule(_ request: PlanRequest, _ local: Target?) -> LocalRule {
        guard let local else { return .noModel }
        if heedsQuality, request.quality == .best { return .wantsBest }
        if let window = local.contextWindow, request.inputTokens >= Int64(window) { return .tooLong }
        // Who wants it fast lets the model's own window be the only limit.
        if heedsQuality, request.quality == .fast { return .stays }
        return request.inputTokens <= maxLocalPromptTokens ? .stays : .tooLong
    }
}

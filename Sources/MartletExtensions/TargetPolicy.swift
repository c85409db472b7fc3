/// Reorders or restricts the targets of each request.
///
/// It can only choose among the targets that the gateway planned: it adds none, and a request whose content may not leave
/// this device is checked again after it.
public protocol TargetPolicy: Sendable {
    /// Says which targets are asked, in which order.
    ///
    /// Called on an event loop that serves other requests, too: it must not block, and should be done within
    /// microseconds.
    ///
    /// - Parameter options: The targets in the order in which they would be asked; never empty.
    func targets(for request: GatewayRequest, among options: [TargetOption]) -> TargetDecision
}

/// What a policy says about the targets of a request.
public enum TargetDecision: Sendable, Hashable {
    /// They stay as they are.
    case unchanged
    /// These are asked, in this order, and no others; with none of them the request is refused with 403 `forbidden`.
    ///
    /// What was not among the options does not count. The reason is a number of the policy's own, for the trace.
    case use([TargetOption], reason: Int32 = 0)
    /// The request is not served.
    case refuse(Refusal)
}

/// A target that a request may go to.
public struct TargetOption: Sendable, Hashable, Identifiable {
    /// Its place in the order of the plan, from 0.
    public var id: Int
    /// The provider account.
    public var provider: String
    /// The type of the account.
    public var kind: String
    /// The provider's own name of the model.
    public var model: String
    /// Where the account's requests are served: its `region` or `location`; `nil` where it has none.
    public var region: String?
    /// Whether it is on this device.
    public var isLocal: Bool
    /// Price of an input token in pico-dollars (10⁻¹² USD); `nil` when unknown.
    public var inputPrice: Int64?
    /// Price of an output token in pico-dollars; `nil` when unknown.
    public var outputPrice: Int64?
    /// Tokens of input and output that the model holds together; `nil` when unknown.
    public var contextWindow: Int?

    /// Creates a target, as tests of policies need it.
    public init(
        id: Int,
        provider: String,
        kind: String = "",
        model: String,
        region: String? = nil,
        isLocal: Bool = false,
        inputPrice: Int64? = nil,
        outputPrice: Int64? = nil,
        contextWindow: Int? = nil
    ) {
        self.id = id
        self.provider = provider
        self.kind = kind
        self.model = model
        self.region = region
        self.isLocal = isLocal
        self.inputPrice = inputPrice
        self.outputPrice = outputPrice
        self.contextWindow = contextWindow
    }
}

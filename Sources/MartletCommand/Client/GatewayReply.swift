/// A whole answer of the gateway.
struct GatewayReply {
    /// The HTTP status.
    var status: Int
    /// What its fields say about how it came about.
    var facts: GatewayFacts
    /// The body.
    var body: [UInt8]

    /// The failure that an error status stands for; `nil` for a success.
    var failure: CommandFailure? {
        guard !(200..<300).contains(status) else { return nil }
        return GatewayProblem(status: status, body: body, requestID: facts.requestID).failure
    }
}

/// What an answer's fields say about how it came about.
struct GatewayFacts: Hashable {
    /// `x-provider`: the account that answered.
    var provider: String?
    /// `x-gateway-model`: the model as the provider calls it.
    var model: String?
    /// `x-gateway-route`: `local` or `cloud`.
    var route: String?
    /// `x-gateway-attempts`.
    var attempts: Int?
    /// `x-gateway-cost-usd`: a decimal.
    var cost: String?
    /// `x-request-id`.
    var requestID: String?

    /// Creates facts without any.
    init() {}

    /// Reads the fields of an answer.
    ///
    /// - Parameter field: Finds a field's first value by its name.
    init(_ field: (String) -> String?) {
        provider = field("x-provider")
        model = field("x-gateway-model")
        route = field("x-gateway-route")
        attempts = field("x-gateway-attempts").flatMap { Int($0) }
        cost = field("x-gateway-cost-usd")
        requestID = field("x-request-id")
    }
}

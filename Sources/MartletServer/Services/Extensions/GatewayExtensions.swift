public import MartletExtensions

/// What the program that runs a gateway has put into it.
public struct GatewayExtensions: Sendable {
    /// Decides whether a request may go on, and at which price.
    public var quota: (any QuotaExtension)?
    /// Restrict and order targets, one after the other.
    public var targetPolicies: [any TargetPolicy] = []
    /// Are told of each request's end.
    public var observers: [any SettlementObserver] = []

    /// Starts with none.
    public init() {}

    /// Whether there is nothing.
    var isEmpty: Bool { quota == nil && targetPolicies.isEmpty && observers.isEmpty }
}

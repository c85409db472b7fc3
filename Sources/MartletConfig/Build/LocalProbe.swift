public import MartletCore
public import MartletRouting

/// What a probe of the local engine found.
public struct LocalProbe: Sendable, Hashable {
    /// The engine's type, as `X-Provider` shows it.
    public var kind: ProviderKind
    /// Where it answered, base path included (`/v1`).
    public var endpoint: Endpoint
    /// The models it reports, in its order.
    public var models: [Model]
    /// Requests the engine works on at once, when it says so.
    public var slots: Int?

    /// One model of the engine.
    public struct Model: Sendable, Hashable {
        /// The engine's name of it.
        public var name: String
        /// Tokens it can hold as it is loaded, when the engine says so.
        public var contextWindow: Int?

        /// Describes a model.
        public init(name: String, contextWindow: Int? = nil) {
            self.name = name
            self.contextWindow = contextWindow
        }
    }

    /// Describes what a probe found.
    public init(kind: ProviderKind, endpoint: Endpoint, models: [Model], slots: Int? = nil) {
        self.kind = kind
        self.endpoint = endpoint
        self.models = models
        self.slots = slots
    }
}

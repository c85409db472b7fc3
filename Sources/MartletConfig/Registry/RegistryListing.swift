internal import MartletCore
public import MartletProviders
public import MartletRouting

/// The whole registry as it is in force: also what cannot be asked, and why.
public struct RegistryListing: Sendable {
    /// The day of the newest source.
    public var asOf: String
    /// Every row, in the registry's order.
    public var rows: [Row]

    /// One model at one provider.
    public struct Row: Sendable {
        /// What is known of it.
        public var model: RegisteredModel
        /// The same as lists of models tell it.
        public var facts: ModelFacts
        /// Whether it can be asked.
        public var state: State
    }

    /// Whether a model can be asked.
    public enum State: String, Sendable {
        /// An account of its provider is on.
        case on
        /// No account of its provider is on.
        case off
        /// Its provider has switched it off.
        case retired
    }

    /// Lists the registry of a configuration.
    ///
    /// - Parameters:
    ///   - config: The configuration, whose own facts are merged over the built-in ones.
    ///   - snapshot: What was built of it, which says what is on.
    public init(
        _ config: LoadedConfig,
        _ snapshot: Snapshot,
        builtIn: ModelRegistry = .builtIn,
        catalog: ProviderCatalog = .builtIn
    ) {
        let registry = config.registry(over: builtIn)
        let on = Set(snapshot.accounts.values.map { catalog.descriptor($0.kind)?.priceList ?? $0.kind })
        asOf = registry.asOf
        rows = registry.models.map { model in
            let state: State = model.retired != nil ? .retired : on.contains(model.provider) ? .on : .off
            return Row(model: model, facts: model.facts, state: state)
        }
    }
}

extension RegisteredModel {
    /// What lists of models tell of it.
    var facts: ModelFacts {
        var facts = ModelFacts()
        facts.kind = kind.rawValue
        facts.contextWindow = contextWindow
        facts.maxOutputTokens = maxOutputTokens
        facts.price = prices
        facts.capabilities = capabilities
        facts.dimensions = dimensions
        facts.retires = retires
        return facts
    }
}

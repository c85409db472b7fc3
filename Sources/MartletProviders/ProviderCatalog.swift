public import MartletCore

/// The provider types of this version, and the names of those the product knows but does not have yet.
public struct ProviderCatalog: Sendable {
    /// The types that can be used, in order of preference when one model is offered by several.
    public let providers: [ProviderDescriptor]
    /// The types whose names are known although this version cannot call them.
    public let unavailable: [UnavailableProvider]

    private let byName: [String: Lookup]

    /// A type that is known by name only.
    public struct UnavailableProvider: Sendable, Hashable {
        /// The canonical type name.
        public var kind: ProviderKind
        /// The name people know it by.
        public var title: String
        /// Other names accepted in `type`.
        public var shortNames: [String]
        /// Environment variables that hold its credential.
        public var credentialVariables: [String]
    }

    /// What a type name means.
    public enum Lookup: Sendable, Hashable {
        /// A type that can be used.
        case available(ProviderDescriptor)
        /// A type that is known, but not available in this version.
        case unavailable(UnavailableProvider)
        /// No type at all.
        case unknown
    }

    /// Creates a catalog; a canonical name wins over another type's short name.
    public init(providers: [ProviderDescriptor], unavailable: [UnavailableProvider]) {
        self.providers = providers
        self.unavailable = unavailable
        var names: [String: Lookup] = [:]
        for provider in providers {
            for name in provider.shortNames { names[name] = .available(provider) }
        }
        for provider in unavailable {
            for name in provider.shortNames { names[name] = .unavailable(provider) }
        }
        for provider in providers { names[provider.kind.rawValue] = .available(provider) }
        for provider in unavailable { names[provider.kind.rawValue] = .unavailable(provider) }
        byName = names
    }

    /// Resolves a canonical or short type name.
    public func lookup(_ name: String) -> Lookup { byName[name] ?? .unknown }

    /// Finds a usable type by its canonical or short name.
    public func descriptor(named name: String) -> ProviderDescriptor? {
        guard case .available(let descriptor) = lookup(name) else { return nil }
        return descriptor
    }

    /// Finds a usable type by its kind.
    public func descriptor(_ kind: ProviderKind) -> ProviderDescriptor? { descriptor(named: kind.rawValue) }

    /// Every name that `type` accepts, usable ones first; for suggestions.
    public var typeNames: [String] {
        providers.flatMap { [$0.kind.rawValue] + $0.shortNames }
            + unavailable.flatMap { [$0.kind.rawValue] + $0.shortNames }
    }

    /// The place of a registry row's provider in the order of preference; unknown ones come last.
    public func preference(of priceList: ProviderKind) -> Int {
        providers.firstIndex { $0.priceList == priceList } ?? providers.count
    }
}

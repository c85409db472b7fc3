internal import MartletCore
internal import MartletProviders
internal import MartletRouting

extension AccountPlan {
    /// Models that another type of the same provider serves, told by how their names begin.
    struct Family: Sendable {
        var prefix: String
        var descriptor: ProviderDescriptor
    }

    /// The type that serves a model of this account.
    func descriptor(for model: String) -> ProviderDescriptor {
        families.first { model.hasPrefix($0.prefix) }?.descriptor ?? descriptor
    }

    /// The provider names that the account's models have in the registry.
    var priceLists: [ProviderKind] { [descriptor.priceList] + families.map(\.descriptor.priceList) }

    /// The endpoint of a model, in the target's own dialect.
    func endpoint(for model: String, _ descriptor: ProviderDescriptor) -> Endpoint {
        var endpoint = dialectEndpoint(for: model)
        // Names with a collection of their own (`endpoints/123`) stand right below the base path.
        if !model.hasPrefix("endpoints/") { endpoint.basePath += descriptor.modelsPath }
        return endpoint
    }
}

internal import MartletProviders

extension AccountPlan {
    /// The registry's row of a model of this account, by the provider's names for it, else by the name used here.
    ///
    /// An engine of one's own has only those that its owner has written: what it holds and how much context runs is its own
    /// affair.
    func row(of model: String, in registry: ModelRegistry) -> RegisteredModel? {
        let row = anyRow(of: model, in: registry)
        return row.flatMap { counts($0) ? $0 : nil }
    }

    /// Whether a row says something of this account's models.
    func counts(_ row: RegisteredModel) -> Bool { row.isOwn || !descriptor.isEngine }

    private func anyRow(of model: String, in registry: ModelRegistry) -> RegisteredModel? {
        let descriptor = descriptor(for: model)
        if let row = registry.model(upstream: model, at: descriptor.priceList) { return row }
        if let row = registry.model(model, at: descriptor.priceList) { return offered(row, in: registry) }
        return registry.model(called: model, at: descriptor)
    }

    /// A row as this account asks for it by the registry's name: by the account's profile, where the model has one.
    func offered(_ row: RegisteredModel, in registry: ModelRegistry) -> RegisteredModel {
        guard let prefix = profilePrefix, row.hasProfiles, let profiles = descriptor.profiles,
            !profiles.isProfile(row.upstreamModel),
            var profile = registry.model(called: prefix + row.upstreamModel, at: descriptor)
        else { return row }
        profile.id = row.id
        return profile
    }
}

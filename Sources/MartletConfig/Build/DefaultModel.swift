internal import MartletCore
internal import MartletGovernance
internal import MartletProviders
internal import MartletRouting

/// Chooses what `auto` means when the configuration does not say.
enum DefaultModel {
    /// Finds the cheapest model that is not known to be an embedding model, retired, or about to be.
    ///
    /// Cheapest is the smallest sum of input and output price at the preferred provider; then the smaller output price;
    /// then the order of the list. A model whose price is unknown is taken only when no price is known at all, and the
    /// mock model only when there is nothing else.
    static func cheapest(_ entries: [ModelEntry], _ registry: ModelRegistry, _ catalog: ProviderCatalog) -> ModelEntry?
    {
        let usable = entries.filter { isUsable($0, registry, catalog) }
        var best: (entry: ModelEntry, total: Int128, output: Int64)?
        for entry in usable where entry.targets.first?.dialect != .mock {
            guard let price = entry.targets.first?.price else { continue }
            let total = Int128(price.input.picoUSD) + Int128(price.output.picoUSD)
            if let best, (best.total, best.output) <= (total, price.output.picoUSD) { continue }
            best = (entry, total, price.output.picoUSD)
        }
        return best?.entry ?? usable.first { $0.targets.first?.dialect != .mock } ?? usable.first
    }

    /// Whether a model is not known to be of another kind, retired, or about to be.
    static func isUsable(_ entry: ModelEntry, _ registry: ModelRegistry, _ catalog: ProviderCatalog) -> Bool {
        guard let target = entry.targets.first else { return false }
        let list = catalog.descriptor(target.kind)?.priceList ?? target.kind
        guard let row = registry.model(upstream: target.upstreamModel, at: list) else { return true }
        return row.kind == .chat && row.retired == nil && row.retires == nil
    }
}

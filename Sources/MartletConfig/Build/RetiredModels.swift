internal import MartletCore
internal import MartletProviders
internal import MartletRouting

/// What callers are told of models that were switched off by their providers.
enum RetiredModels {
    /// Makes the texts for registry names that no target here serves, by name.
    static func messages(
        _ registry: ModelRegistry,
        _ entries: [ModelEntry],
        _ catalog: ProviderCatalog
    ) -> [ModelName: String] {
        let served = Set(entries.map(\.name))
        var out: [ModelName: String] = [:]
        for model in registry.models where model.retired != nil {
            let name = ModelName(model.id)
            guard !served.contains(name), out[name] == nil else { continue }
            let rows = registry.models(named: model.id)
            let ends = rows.compactMap { row in row.retired.map { "\(title(row, catalog)) on \($0)" } }
            let alive = rows.filter { $0.retired == nil }.map { title($0, catalog) }
            let rest = alive.isEmpty ? "" : " Still offered by \(alive.joined(separator: ", "))."
            out[name] = "The model `\(model.id)` was retired: \(ends.joined(separator: ", ")).\(rest)"
        }
        return out
    }

    private static func title(_ row: RegisteredModel, _ catalog: ProviderCatalog) -> String {
        catalog.providers.first { $0.priceList == row.provider }?.title ?? row.provider.rawValue
    }
}

public import MartletCore

/// Model facts by provider and name.
public struct ModelRegistry: Sendable {
    /// Every row, in file order.
    public let models: [RegisteredModel]
    /// The day of the newest source (`2026-11-20`).
    public let asOf: String

    private let byID: [Key: Int]
    private let byUpstream: [Key: Int]
    private let rowsOfID: [String: [Int]]

    private struct Key: Hashable {
        var provider: ProviderKind
        var name: String
    }

    /// Creates a registry; the first of two rows with the same key counts.
    public init(models: [RegisteredModel], asOf: String) {
        self.models = models
        self.asOf = asOf
        var byID: [Key: Int] = [:]
        var byUpstream: [Key: Int] = [:]
        var rowsOfID: [String: [Int]] = [:]
        for (index, model) in models.enumerated() {
            let key = Key(provider: model.provider, name: model.id)
            guard byID[key] == nil else { continue }
            byID[key] = index
            let upstream = Key(provider: model.provider, name: model.upstreamModel)
            if byUpstream[upstream] == nil { byUpstream[upstream] = index }
            rowsOfID[model.id, default: []].append(index)
        }
        self.byID = byID
        self.byUpstream = byUpstream
        self.rowsOfID = rowsOfID
    }

    /// Puts rows over those with the same name and provider; others come last.
    public func merging(_ rows: [RegisteredModel]) -> ModelRegistry {
        var models = models
        for row in rows {
            if let known = byID[Key(provider: row.provider, name: row.id)] {
                models[known] = row
            } else {
                models.append(row)
            }
        }
        return ModelRegistry(models: models, asOf: max(asOf, rows.map(\.asOf).max() ?? ""))
    }

    /// A registry without models.
    public static let empty = ModelRegistry(models: [], asOf: "")

    /// Finds a model by the name used in configurations.
    public func model(_ id: String, at provider: ProviderKind) -> RegisteredModel? {
        byID[Key(provider: provider, name: id)].map { models[$0] }
    }

    /// Finds a model by the provider's own name for it.
    public func model(upstream name: String, at provider: ProviderKind) -> RegisteredModel? {
        byUpstream[Key(provider: provider, name: name)].map { models[$0] }
    }

    /// Lists the rows of one name over all providers, in file order.
    public func models(named id: String) -> [RegisteredModel] {
        (rowsOfID[id] ?? []).map { models[$0] }
    }

    /// Lists the models of one provider, in file order.
    public func models(at provider: ProviderKind) -> [RegisteredModel] {
        models.filter { $0.provider == provider }
    }
}

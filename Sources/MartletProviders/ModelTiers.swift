/// Which models of the registry are of which tier, and which of them well-known short names stand for.
public struct ModelTiers: Sendable {
    /// Names of the models for most requests; the cheapest of them that is on is `cloud-balanced`.
    public let standard: Set<String>
    /// Short names with the models they stand for, best first.
    public let shortNames: [(name: String, models: [String])]

    /// Creates tiers.
    public init(standard: [String], shortNames: [(name: String, models: [String])]) {
        self.standard = Set(standard)
        self.shortNames = shortNames
    }

    /// The tiers that ship with the gateway; decoded on first use.
    public static let builtIn: ModelTiers = {
        let file = BuiltInFile.decode(File.self, from: PackageResources.tiers_json, name: "tiers.json")
        let names = file.aliases.sorted { $0.key > $1.key }
        return ModelTiers(standard: file.standard, shortNames: names.map { ($0.key, $0.value) })
    }()

    private struct File: Decodable {
        var standard: [String]
        var aliases: [String: [String]]
    }
}

internal import MartletCore
internal import MartletProviders

/// Checks what the schema of a file of model facts cannot say.
struct RegistryRowReader {
    let catalog: ProviderCatalog
    let registry: ModelRegistry
    private(set) var diagnostics: [ConfigDiagnostic] = []

    init(catalog: ProviderCatalog, registry: ModelRegistry) {
        self.catalog = catalog
        self.registry = registry
    }

    /// Finds the provider name that rows have for a type, or for a list the registry has.
    mutating func provider(_ name: String, _ origin: ConfigOrigin) -> ProviderKind? {
        let kind = ProviderKind(name)
        if registry.models.contains(where: { $0.provider == kind }) { return kind }
        switch catalog.lookup(name) {
        case .available(let descriptor): return descriptor.priceList
        case .unavailable(let provider): return provider.kind
        case .unknown:
            let suggestion = Suggestion.nearest(to: name, among: catalog.typeNames)
            error(origin, "unknown provider type \"\(KeyText.escaped(name))\"", suggestion: suggestion)
            return nil
        }
    }

    /// Checks a row.
    mutating func check(_ table: ConfigTable, id: String, at origin: ConfigOrigin, isNew: Bool) {
        if !(1...256).contains(id.utf8.count) || !id.utf8.allSatisfy(ModelNames.isByte) {
            error(
                origin,
                "model name \(KeyText.part(id)) must be 1 to 256 of the characters A-Z a-z 0-9 . _ : / @ + -"
            )
        }
        checkPrices(table)
        if let node = table["long_prompt"], let tier = node.table, !tier.entries.isEmpty {
            checkPrices(tier)
            for key in ["above_tokens", "input_price_per_mtok", "output_price_per_mtok"] where tier[key] == nil {
                error(node.origin, "long_prompt needs \(key)")
            }
        }
        for key in ["retired", "retires", "as_of"] {
            guard let node = table[key], let text = node.string, !text.isEmpty, !Self.isDay(text) else { continue }
            error(node.origin, "\(key) must be a day like \"2026-11-20\"")
        }
        for node in table["capabilities"]?.array ?? [] {
            guard let text = node.string, !ConfigSchema.capabilities.contains(text) else { continue }
            let suggestion = Suggestion.nearest(to: text, among: ConfigSchema.capabilities)
            error(node.origin, "unknown capability \"\(KeyText.escaped(text))\"", suggestion: suggestion)
        }
    }

    private mutating func checkPrices(_ table: ConfigTable) {
        for (key, node) in table.entries where key.hasSuffix("_price_per_mtok") && ExactPrice.picoUSD(node) == nil {
            error(node.origin, "\(key) has more than six decimals")
        }
    }

    /// Whether a text is a day, as far as its digits tell.
    private static func isDay(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], parts.joined().allSatisfy({ 0x30...0x39 ~= $0 }) else { return false }
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        return numbers.count == 3 && 1...12 ~= numbers[1] && 1...31 ~= numbers[2]
    }

    private mutating func error(_ origin: ConfigOrigin, _ message: String, suggestion: String? = nil) {
        diagnostics.append(.init(.error, at: origin, message, suggestion: suggestion))
    }
}

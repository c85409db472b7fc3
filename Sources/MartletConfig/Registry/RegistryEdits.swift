internal import MartletCore
public import MartletProviders

/// Model facts of one file, to be merged over a registry.
public struct RegistryEdits: Sendable {
    private var rows: [Row] = []
    /// The aliases of the file, by name.
    private(set) var aliases = ConfigTable()

    /// What is said of one model at one provider.
    private struct Row: Sendable {
        var id: String
        var provider: ProviderKind
        var table: ConfigTable
    }

    /// How many rows there are.
    public var count: Int { rows.count }

    /// Reads a file of model facts.
    ///
    /// - Parameters:
    ///   - bytes: The text, at most 4 MiB of TOML.
    ///   - file: Its name, for findings.
    ///   - catalog: The provider types.
    ///   - registry: What it will be merged over; its provider names are known, too.
    ///   - diagnostics: Gets findings; with an error among them the file is not to be used.
    public init(
        _ bytes: [UInt8],
        file: String,
        catalog: ProviderCatalog = .builtIn,
        registry: ModelRegistry = .builtIn,
        diagnostics: inout [ConfigDiagnostic]
    ) {
        var findings: [ConfigDiagnostic] = []
        let table = TOMLDocument.parse(bytes, file: file, diagnostics: &findings)
        var checker = SchemaChecker()
        let checked = checker.check(table, ConfigSchema.registry, path: [])
        findings += checker.diagnostics
        aliases = checked["aliases"]?.table ?? ConfigTable()
        var reader = RegistryRowReader(catalog: catalog, registry: registry)
        for (id, model) in checked["models"]?.table?.entries ?? [] {
            for (name, node) in model.table?.entries ?? [] {
                guard let table = node.table, let provider = reader.provider(name, node.origin) else { continue }
                reader.check(table, id: id, at: node.origin, isNew: registry.model(id, at: provider) == nil)
                rows.append(Row(id: id, provider: provider, table: table))
            }
        }
        findings += reader.diagnostics
        diagnostics += findings.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    }

    /// Merges the facts over a registry: what a row leaves out stays, a row that is new comes last.
    public func merged(over registry: ModelRegistry) -> ModelRegistry {
        registry.merging(
            rows.map { row in
                var model =
                    registry.model(row.id, at: row.provider)
                    ?? RegisteredModel(id: row.id, provider: row.provider, upstreamModel: row.id, kind: .chat, asOf: "")
                model.take(row.table)
                model.isOwn = true
                return model
            }
        )
    }
}

extension RegisteredModel {
    /// Takes over what a table says.
    fileprivate mutating func take(_ table: ConfigTable) {
        func set<Value>(_ value: inout Value?, _ new: Value?) { if let new { value = new } }
        if let name = table["model_name"]?.string { upstreamModel = name }
        if let kind = table["kind"]?.string.flatMap(Kind.init(rawValue:)) { self.kind = kind }
        set(&contextWindow, table["context_window"]?.integer)
        set(&maxOutputTokens, table["max_output_tokens"]?.integer)
        set(&input, table.price("input"))
        set(&output, table.price("output"))
        set(&cacheRead, table.price("cache_read"))
        set(&cacheWrite, table.price("cache_write"))
        set(&cacheWrite1h, table.price("cache_write_1h"))
        if let tier = table["long_prompt"]?.table, tier.entries.isEmpty { longPrompt = nil }
        if let tier = table["long_prompt"]?.table, let above = tier["above_tokens"]?.integer,
            let input = tier.price("input"), let output = tier.price("output")
        {
            longPrompt = LongPromptTier(
                aboveTokens: above,
                input: input,
                output: output,
                cacheRead: tier.price("cache_read"),
                cacheWrite: tier.price("cache_write"),
                cacheWrite1h: tier.price("cache_write_1h")
            )
        }
        set(&batchPercent, table["batch_percent"]?.integer)
        if let list = table["capabilities"]?.strings {
            tools = list.contains("tools")
            vision = list.contains("vision")
            jsonSchema = list.contains("json_schema")
            reasoning = list.contains("reasoning")
        }
        set(&dimensions, table["dimensions"]?.integer)
        if let day = table["retired"]?.string { retired = day.isEmpty ? nil : day }
        if let day = table["retires"]?.string { retires = day.isEmpty ? nil : day }
        set(&note, table["note"]?.string)
        set(&source, table["source"]?.string)
        if let day = table["as_of"]?.string { asOf = day }
    }
}

extension ConfigTable {
    /// A price of a kind, when it is given exactly.
    fileprivate func price(_ kind: String) -> TokenPrice? {
        self["\(kind)_price_per_mtok"].flatMap(ExactPrice.picoUSD)
    }
}

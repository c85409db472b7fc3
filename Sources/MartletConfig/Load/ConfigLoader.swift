public import MartletProviders

/// Reads, merges and checks the configuration; never throws, findings say what is wrong.
public enum ConfigLoader {
    /// Loads a configuration.
    ///
    /// Precedence: flag, `MARTLET_*` variable, the product's other variables, file (later ones win), default.
    ///
    /// - Parameters:
    ///   - paths: The files, first to last; see ``ConfigFiles``.
    ///   - flags: What the command line says.
    ///   - environment: The process's environment.
    ///   - files: Reads files; also those that credential locations name.
    ///   - catalog: The provider types.
    public static func load(
        files paths: [String],
        flags: FlagOverrides = FlagOverrides(),
        environment: [String: String],
        files: FileAccess = .system,
        catalog: ProviderCatalog = .builtIn
    ) -> LoadedConfig {
        var diagnostics: [ConfigDiagnostic] = []
        var tree = ConfigTable()
        for path in paths {
            guard let bytes = files.read(path) else {
                let origin = ConfigOrigin.file(path: path, line: 1, column: 1)
                diagnostics.append(.init(.error, at: origin, "the file is missing or cannot be read"))
                continue
            }
            var found: [ConfigDiagnostic] = []
            let table = TOMLDocument.parse(bytes, file: path, diagnostics: &found)
            var checker = SchemaChecker { path, table in isUnavailableAccount(path, table, catalog) }
            let checked = checker.check(table, ConfigSchema.root, path: [])
            found += checker.diagnostics
            found += InlineSecrets.findings(in: checked, file: path, permissions: files.permissions(path))
            diagnostics += found.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
            tree.merge(checked)
        }
        EnvironmentOverrides.apply(environment, to: &tree, diagnostics: &diagnostics)
        BindOverrides.apply(flags, environment, to: &tree, diagnostics: &diagnostics)
        applyFlags(flags, to: &tree)

        let once = ReadOnce(files.read)
        let resolver = CredentialResolver(environment: environment) { once.bytes(of: $0) }
        var reader = SettingsReader(
            tree: tree,
            environment: environment,
            resolver: resolver,
            catalog: catalog,
            diagnostics: diagnostics
        )
        let settings = reader.read()
        var config = LoadedConfig(
            settings: settings,
            diagnostics: reader.diagnostics,
            values: EffectiveValues.list(tree),
            tree: tree,
            resolver: resolver,
            environment: environment
        )
        config.readRegistry(files, catalog)
        return config
    }

    private static func applyFlags(_ flags: FlagOverrides, to tree: inout ConfigTable) {
        if let path = flags.dataDirectory {
            tree.set(["storage", "data_dir"], ConfigNode(value: .string(path), origin: .flag("--data-dir")))
        }
        if let target = flags.accessLog {
            tree.set(
                ["observability", "access_log"],
                ConfigNode(value: .string(target), origin: .flag("--access-log"))
            )
        }
    }

    /// Whether a table is an account whose type this version does not have: that is one finding, not one a key.
    private static func isUnavailableAccount(_ path: [String], _ table: ConfigTable, _ catalog: ProviderCatalog) -> Bool
    {
        let isAccount = path.count == 3 && path[0] == "gateway" && path[1] == "providers"
        let isInline = path.count == 4 && path[0] == "models" && path[2] == "providers"
        guard isAccount || isInline, let name = path.last else { return false }
        if case .unavailable = catalog.lookup(table["type"]?.string ?? name) { return true }
        return false
    }
}

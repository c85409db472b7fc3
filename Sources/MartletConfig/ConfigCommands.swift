public import MartletProviders
import MartletWire

/// What `martlet config …` prints and how it exits, without the command line around it.
public enum ConfigCommands {
    /// The result of a command.
    public struct Output: Sendable, Hashable {
        /// Text for standard output; empty or ending in a newline.
        public var text: String
        /// Text for standard error; empty or ending in a newline.
        public var errors: String
        /// 0, or 2 when the configuration is refused.
        public var exitCode: Int32
    }

    /// Checks a configuration as a start would, without starting.
    ///
    /// - Parameter quiet: Whether nothing is printed when nothing was found.
    public static func check(
        _ config: LoadedConfig,
        files: [String],
        registry: ModelRegistry = .builtIn,
        catalog: ProviderCatalog = .builtIn,
        quiet: Bool = false
    ) -> Output {
        let outcome = SnapshotBuilder.build(config, registry: registry, catalog: catalog)
        let findings = outcome.diagnostics.map { $0.description + "\n" }.joined()
        guard !outcome.diagnostics.hasErrors else { return Output(text: "", errors: findings, exitCode: 2) }
        let names = files.isEmpty ? "no configuration file; the defaults" : files.joined(separator: ", ")
        return Output(text: quiet ? "" : "\(names): ok\n", errors: findings, exitCode: 0)
    }

    /// Checks as ``check(_:files:registry:catalog:quiet:)`` does and says so in one JSON document, also when it is refused.
    public static func checkJSON(
        _ config: LoadedConfig,
        files: [String],
        registry: ModelRegistry = .builtIn,
        catalog: ProviderCatalog = .builtIn
    ) -> Output {
        let findings = SnapshotBuilder.build(config, registry: registry, catalog: catalog).diagnostics
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("status")
        writer.string(findings.hasErrors ? "refused" : "ok")
        writer.key("files")
        writer.beginArray()
        for file in files { writer.string(file) }
        writer.endArray()
        writer.key("findings")
        findings.write(to: &writer)
        writer.endObject()
        let text = String(decoding: writer.bytes, as: UTF8.self) + "\n"
        return Output(text: text, errors: "", exitCode: findings.hasErrors ? 2 : 0)
    }

    /// Prints every value in force as TOML lines, with secrets masked.
    ///
    /// - Parameter origin: Whether each line says where its value comes from.
    public static func show(_ config: LoadedConfig, origin: Bool) -> Output {
        let lines = config.values.map { value in
            "\(value.key) = \(value.text)" + (origin ? "  # \(value.origin)" : "") + "\n"
        }
        let findings = config.diagnostics.map { $0.description + "\n" }.joined()
        return Output(text: lines.joined(), errors: findings, exitCode: config.diagnostics.hasErrors ? 2 : 0)
    }

    /// Prints the JSON Schema (draft 2020-12) of the configuration file.
    public static func schema() -> Output { Output(text: SchemaText.json, errors: "", exitCode: 0) }
}

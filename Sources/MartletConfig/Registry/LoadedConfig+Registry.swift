internal import MartletCore
internal import MartletProviders

extension LoadedConfig {
    /// Reads the overlay files, and the copy of what was fetched before.
    ///
    /// An overlay that is wrong refuses the configuration; a copy that is wrong is left out with a warning, as it will be
    /// fetched again.
    mutating func readRegistry(_ files: FileAccess, _ catalog: ProviderCatalog) {
        if let url = settings.registry.url {
            if !url.hasPrefix("https://"), settings.registry.hosts.isEmpty {
                let origin = tree.at(["gateway", "registry_url"])?.origin ?? .default
                diagnostics.append(.init(.error, at: origin, "gateway.registry_url must begin with https://"))
            }
            let path = settings.paths.registryCopy
            if let bytes = files.read(path), let copy = RegistryCopy(bytes), copy.url == url {
                var findings: [ConfigDiagnostic] = []
                let edits = RegistryEdits(copy.body, file: path, catalog: catalog, diagnostics: &findings)
                if findings.hasErrors {
                    let origin = ConfigOrigin.file(path: path, line: 1, column: 1)
                    diagnostics.append(.init(.warning, at: origin, "the copy of the fetched registry is not used"))
                } else {
                    fetchedRegistry = edits
                }
            }
        }
        var registry = registry(over: .builtIn)
        for node in tree.at(["gateway", "registry_overlay"])?.listOfStrings ?? [] {
            guard let text = node.string, !text.isEmpty else { continue }
            let path = Directories.resolve(text, namedBy: node.origin)
            overlayFiles.append(path)
            guard let bytes = files.read(path) else {
                diagnostics.append(
                    .init(.error, at: node.origin, "gateway.registry_overlay: \(path) is missing or cannot be read")
                )
                continue
            }
            let edits = RegistryEdits(
                bytes,
                file: path,
                catalog: catalog,
                registry: registry,
                diagnostics: &diagnostics
            )
            registry = edits.merged(over: registry)
            overlays.append(edits)
        }
    }

    /// The registry with what was fetched and what the overlays say.
    func registry(over builtIn: ModelRegistry) -> ModelRegistry {
        ([fetchedRegistry].compactMap(\.self) + overlays).reduce(builtIn) { $1.merged(over: $0) }
    }
}

extension ConfigNode {
    /// A text, or a list of texts.
    fileprivate var listOfStrings: [ConfigNode] { array ?? [self] }
}

internal import MartletCore
internal import MartletProviders

/// Finds secrets that stand in a file themselves instead of by their location.
enum InlineSecrets {
    /// Refuses a file that everybody may read and that holds a secret.
    static func findings(in table: ConfigTable, file: String, permissions: Int?) -> [ConfigDiagnostic] {
        guard let permissions, permissions & 0o004 != 0 else { return [] }
        let mode = String(permissions & 0o777, radix: 8)
        return secrets(in: table, path: []).map { path, node in
            .init(
                .error,
                at: node.origin,
                "\(KeyText.text(path)) holds a secret and the file is world-readable (mode \(mode)); run chmod 600 \(file)"
            )
        }
    }

    /// A value with every secret in it masked, at any depth.
    static func masked(_ node: ConfigNode, _ path: [String]) -> ConfigNode {
        var node = node
        switch node.value {
        case .string(let text):
            if let shown = shown(text, at: path) { node.value = .string(shown) }
        case .array(let nodes):
            node.value = .array(nodes.map { masked($0, path) })
        case .table(let table):
            var shown = ConfigTable()
            for (key, inner) in table.entries { shown[key] = masked(inner, path + [key]) }
            node.value = .table(shown)
        case .integer, .decimal, .boolean, .moment: break
        }
        return node
    }

    private static func secrets(in table: ConfigTable, path: [String]) -> [(path: [String], node: ConfigNode)] {
        table.entries.flatMap { key, node in secrets(in: node, path: path + [key]) }
    }

    private static func secrets(in node: ConfigNode, path: [String]) -> [(path: [String], node: ConfigNode)] {
        switch node.value {
        case .table(let inner): secrets(in: inner, path: path)
        case .array(let nodes): nodes.flatMap { secrets(in: $0, path: path) }
        case .string(let text): shown(text, at: path) == nil ? [] : [(path, node)]
        case .integer, .decimal, .boolean, .moment: []
        }
    }

    /// What may be shown of a text that is a secret or holds one; `nil` for every other text.
    private static func shown(_ text: String, at path: [String]) -> String? {
        if !text.isEmpty, isSecret(path, text) { return Secret(text).description }
        return URLSecrets.masked(text, ofProxy: path.last == "proxy")
    }

    /// Whether the whole value at a path is a secret.
    private static func isSecret(_ path: [String], _ text: String) -> Bool {
        guard let name = path.last else { return false }
        if path.count >= 2, ["headers", "extra_headers"].contains(path[path.count - 2]) {
            return HeaderRules.isSecret(name: name) || HeaderRules.isSecret(value: text)
        }
        let isLocation = (try? CredentialLocation(parsing: text)) != nil
        // What stands where a location belongs and is none is most likely the credential itself.
        let holder = ["default", "fallback"].contains(name) ? path.dropLast().last : name
        if holder?.hasSuffix("_location") == true { return !isLocation }
        return isSecretName(name) && !isLocation
    }

    /// How keys end whose values are secrets.
    private static let secretEndings = [
        "secret", "password", "passwd", "passphrase", "token", "credential", "credentials", "authorization", "cookie",
        "api_key", "apikey", "access_key", "private_key",
    ]

    /// Whether a key is one of a secret by its last words: `session_token`, not `token_limit` or `client_secret_env`.
    private static func isSecretName(_ name: String) -> Bool {
        let name = String(name.lowercased().map { $0 == "-" || $0 == "." ? "_" : $0 })
        return secretEndings.contains { name == $0 || name.hasSuffix("_\($0)") }
    }
}

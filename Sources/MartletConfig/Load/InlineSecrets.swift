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

    /// Whether the value at a path is a secret, or holds one.
    static func isSecret(_ path: [String], _ text: String) -> Bool {
        if path.count >= 2, path[path.count - 2] == "headers", let name = path.last {
            return HeaderRules.isSecret(name: name)
        }
        return URLSecrets.password(in: text) != nil
    }

    private static func secrets(in table: ConfigTable, path: [String]) -> [(path: [String], node: ConfigNode)] {
        table.entries.flatMap { key, node -> [(path: [String], node: ConfigNode)] in
            let path = path + [key]
            switch node.value {
            case .table(let inner): return secrets(in: inner, path: path)
            case .string(let text): return isSecret(path, text) ? [(path, node)] : []
            default: return []
            }
        }
    }
}

/// The password part of a URL's user-info.
enum URLSecrets {
    /// Finds the password of `scheme://user:password@host`.
    static func password(in text: String) -> Range<String.Index>? {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            return nil
        }
        let start = text.index(after: colon)
        return start < at ? start..<at : nil
    }
}

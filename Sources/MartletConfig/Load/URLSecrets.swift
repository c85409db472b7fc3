/// Secrets within a URL: the password of its user-info, and values of its query that sign or authorise.
enum URLSecrets {
    private static let mask = "••••"

    /// The text with every secret in it masked; `nil` when it holds none.
    ///
    /// - Parameter ofProxy: Whether it is a proxy's, which may be written without a scheme, and with a key for its user.
    static func masked(_ text: String, ofProxy: Bool) -> String? {
        let ranges = (userInfo(in: text, ofProxy: ofProxy).map { [$0] } ?? []) + queryValues(in: text)
        guard !ranges.isEmpty else { return nil }
        var shown = text
        for range in ranges.sorted(by: { $0.lowerBound > $1.lowerBound }) { shown.replaceSubrange(range, with: mask) }
        return shown
    }

    /// Finds the password of `scheme://user:password@host`; a proxy's user that stands alone is one, too.
    private static func userInfo(in text: String, ofProxy: Bool) -> Range<String.Index>? {
        let scheme = text.firstRange(of: "://")
        guard scheme != nil || ofProxy else { return nil }
        let rest = text[(scheme?.upperBound ?? text.startIndex)...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return nil }
        let colon = authority[..<at].firstIndex(of: ":") ?? at
        let password = colon == at ? at : authority.index(after: colon)
        if password < at { return password..<at }
        return ofProxy && rest.startIndex < colon ? rest.startIndex..<colon : nil
    }

    /// Parts of the names of query members whose values are secrets.
    private static let secretParts = ["key", "token", "secret", "password", "auth", "sig", "credential"]

    private static func queryValues(in text: String) -> [Range<String.Index>] {
        guard text.contains("://"), let mark = text.firstIndex(of: "?") else { return [] }
        let query = text[text.index(after: mark)...].prefix { $0 != "#" }
        return query.split(separator: "&").compactMap { member in
            guard let equals = member.firstIndex(of: "=") else { return nil }
            let name = member[..<equals].lowercased()
            let value = member[member.index(after: equals)...]
            guard !value.isEmpty, secretParts.contains(where: { name.contains($0) }) else { return nil }
            return value.startIndex..<value.endIndex
        }
    }
}

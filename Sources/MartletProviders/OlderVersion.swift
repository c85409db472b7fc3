public import MartletCore

/// How versions of an API before some day differ from the present one.
public struct OlderVersion: Sendable, Hashable {
    /// The day of the first version that is as the present one, like `2024-09-01`.
    public var before: String
    /// Whether `stream_options.include_usage` is accepted; `nil` as in the present one.
    public var acceptsStreamUsage: Bool?
    /// Which member limits the answer; `nil` as in the present one.
    public var tokenLimit: ChatQuirks.TokenLimit?
    /// Which shapes of answers there are; `nil` as in the present one.
    public var formats: ChatQuirks.Formats?

    /// Describes versions.
    public init(
        before: String,
        acceptsStreamUsage: Bool? = nil,
        tokenLimit: ChatQuirks.TokenLimit? = nil,
        formats: ChatQuirks.Formats? = nil
    ) {
        self.before = before
        self.acceptsStreamUsage = acceptsStreamUsage
        self.tokenLimit = tokenLimit
        self.formats = formats
    }

    /// Whether a version is one of these: those of a day's preview count as that day's, and names that are no day as new.
    public func contains(_ version: String) -> Bool {
        let day = version.utf8.prefix(10)
        guard day.count == 10, day.allSatisfy({ $0 == 0x2D || $0 &- 0x30 < 10 }) else { return false }
        return day.lexicographicallyPrecedes(before.utf8)
    }
}

extension ProviderDescriptor {
    /// Takes over how a version of its API differs.
    public mutating func take(version: String) {
        for older in olderVersions where older.contains(version) {
            if let takes = older.acceptsStreamUsage { acceptsStreamUsage = takes }
            var quirks = chatQuirks ?? ChatQuirks()
            if let limit = older.tokenLimit { quirks.tokenLimit = limit }
            if let formats = older.formats { quirks.formats = formats }
            chatQuirks = quirks == ChatQuirks() ? nil : quirks
        }
    }
}

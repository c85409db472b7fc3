internal import MartletCore

/// The names that calls may have in place of a model's own: those of profiles, which a group of regions serves, and longer
/// ones that end with either.
///
/// Both kinds are declared with the provider. What a profile costs more is so, too: Anthropic's and AWS's price pages ask
/// 10 % more for profiles of one geography than for global ones, from Claude 4.5 on (read November 2026).
public struct InferenceProfiles: Sendable, Hashable {
    /// The prefixes of profiles' names (`eu.`); none hides a longer one after it.
    public var prefixes: [Prefix]
    /// What a longer name has right before a profile's or a model's (`:inference-profile/`).
    public var marks: [String]
    /// How the names begin of models whose profiles may cost more.
    public var dearer: String
    /// How those among them begin whose profiles cost the same.
    public var dearerExcept: [String]

    /// The beginning of a profile's name.
    public struct Prefix: Sendable, Hashable {
        /// The text, with its dot.
        public var text: String
        /// What its profiles cost more than the model does, in percent, where they cost more.
        public var premiumPercent: Int
    }

    /// The model that a name stands for, as the provider itself calls it; `nil` when it is no longer name of one.
    ///
    /// - Parameter name: The name of a profile, or one that ends with it.
    /// - Returns: The model's own name, and what it costs more in percent.
    public func model(behind name: String) -> (name: String, premiumPercent: Int)? {
        var rest = Substring(name)
        for mark in marks {
            if let found = rest.firstRange(of: mark) {
                rest = rest[found.upperBound...]
                break
            }
        }
        let prefix = prefixes.first { rest.hasPrefix($0.text) }
        if let prefix { rest = rest.dropFirst(prefix.text.count) }
        guard rest.utf8.count < name.utf8.count else { return nil }
        let isDearer = rest.hasPrefix(dearer) && !dearerExcept.contains { rest.hasPrefix($0) }
        return (String(rest), isDearer ? prefix?.premiumPercent ?? 0 : 0)
    }

    /// Whether a name is a profile's, by how it begins.
    public func isProfile(_ name: String) -> Bool { prefixes.contains { name.hasPrefix($0.text) } }
}

extension ModelRegistry {
    /// Finds a model by any name that a provider has for it.
    ///
    /// A row for just that name wins; else the row of the model behind it counts, with what the profile costs more, and
    /// with the name as it was given.
    public func model(called name: String, at provider: ProviderDescriptor) -> RegisteredModel? {
        if let row = model(upstream: name, at: provider.priceList) { return row }
        guard let behind = provider.profiles?.model(behind: name),
            var row = model(upstream: behind.name, at: provider.priceList)
        else { return nil }
        row.upstreamModel = name
        if behind.premiumPercent > 0 { row.raisePrices(percent: behind.premiumPercent) }
        return row
    }
}

extension RegisteredModel {
    /// Raises every price, each rounded half up to a pico-dollar.
    fileprivate mutating func raisePrices(percent: Int) {
        func raised(_ price: TokenPrice) -> TokenPrice {
            let exact = (Int128(price.picoUSD) * Int128(100 + percent) + 50) / 100
            return TokenPrice(picoUSD: Int64(clamping: exact))
        }
        input = input.map(raised)
        output = output.map(raised)
        cacheRead = cacheRead.map(raised)
        cacheWrite = cacheWrite.map(raised)
        cacheWrite1h = cacheWrite1h.map(raised)
        guard var tier = longPrompt else { return }
        tier.input = raised(tier.input)
        tier.output = raised(tier.output)
        tier.cacheRead = tier.cacheRead.map(raised)
        tier.cacheWrite = tier.cacheWrite.map(raised)
        tier.cacheWrite1h = tier.cacheWrite1h.map(raised)
        longPrompt = tier
    }
}

internal import MartletCore
internal import MartletGovernance

/// The prices a model's own table gives; they win over the registry's, each for itself.
struct PriceOverride {
    private var input: TokenPrice?
    private var output: TokenPrice?
    private var cacheRead: TokenPrice?
    private var cacheWrite: TokenPrice?
    private var cacheWrite1h: TokenPrice?

    init(_ table: ConfigTable, model: String, diagnostics: inout [ConfigDiagnostic]) {
        var findings: [ConfigDiagnostic] = []
        func price(_ key: String) -> TokenPrice? {
            guard let node = table[key] else { return nil }
            if let price = ExactPrice.picoUSD(node) { return price }
            findings.append(
                .init(.error, at: node.origin, "\(key) of model \(KeyText.part(model)) has more than six decimals")
            )
            return nil
        }
        input = price("input_price_per_mtok")
        output = price("output_price_per_mtok")
        cacheRead = price("cache_read_price_per_mtok")
        cacheWrite = price("cache_write_price_per_mtok")
        cacheWrite1h = price("cache_write_1h_price_per_mtok")
        diagnostics += findings
    }

    /// Puts these prices over others; `nil` while the input or the output price is unknown.
    func applied(to known: PriceTable?) -> PriceTable? {
        guard let input = input ?? known?.input, let output = output ?? known?.output else { return nil }
        var rates = TokenRates(
            input: input,
            output: output,
            cacheRead: cacheRead ?? known?.cacheRead,
            cacheWrite: cacheWrite ?? known?.cacheWrite,
            cacheWrite1h: cacheWrite1h ?? known?.rates.cacheWrite1h
        )
        rates.takeMediaPrices(of: known?.rates)
        // Whoever names a main price means it for every request; the registry's tier would be of other prices.
        let keepsTier = self.input == nil && self.output == nil
        let tier = keepsTier ? known?.longPrompt.map { raised($0, over: rates) } : nil
        return PriceTable(rates, longPrompt: tier)
    }

    /// Puts the prices of cached tokens over those of a tier for long prompts, raised in the measure that the input is.
    private func raised(_ tier: PriceTable.LongPrompt, over ordinary: TokenRates) -> PriceTable.LongPrompt {
        var tier = tier
        let (low, high) = (ordinary.input, tier.rates.input)
        if let cacheRead { tier.rates.cacheRead = cacheRead.raised(from: low, to: high) }
        if let cacheWrite { tier.rates.cacheWrite = cacheWrite.raised(from: low, to: high) }
        if let cacheWrite1h { tier.rates.cacheWrite1h = cacheWrite1h.raised(from: low, to: high) }
        return tier
    }
}

extension TokenRates {
    /// Takes over what sound and pictures cost.
    fileprivate mutating func takeMediaPrices(of other: TokenRates?) {
        audioInput = other?.audioInput
        audioOutput = other?.audioOutput
        imageInput = other?.imageInput
        imageOutput = other?.imageOutput
    }
}

internal import MartletCore
internal import MartletGovernance
internal import MartletProviders
internal import MartletRouting

extension RegisteredModel {
    /// The whole price table, when both main prices are known.
    var prices: PriceTable? {
        guard let input, let output = output ?? (kind == .embedding ? TokenPrice(picoUSD: 0) : nil) else { return nil }
        let rates = TokenRates(
            input: input,
            output: output,
            cacheRead: cacheRead,
            cacheWrite: cacheWrite,
            cacheWrite1h: cacheWrite1h
        )
        return PriceTable(rates, longPrompt: longPrompt?.table(over: rates))
    }

    /// What requests to it depend on.
    var abilities: ModelCapabilities {
        ModelCapabilities(jsonSchema: jsonSchema, tools: tools, reasoning: reasoning)
    }
}

extension RegisteredModel.LongPromptTier {
    /// The tier as the price table has it: its own prices of cached tokens, else the ordinary ones, raised in the measure
    /// that the input is.
    fileprivate func table(over ordinary: TokenRates) -> PriceTable.LongPrompt {
        func raised(_ price: TokenPrice?) -> TokenPrice? { price?.raised(from: ordinary.input, to: input) }
        return PriceTable.LongPrompt(
            aboveTokens: Int64(aboveTokens),
            rates: TokenRates(
                input: input,
                output: output,
                cacheRead: cacheRead ?? raised(ordinary.cacheRead),
                cacheWrite: cacheWrite ?? raised(ordinary.cacheWrite),
                cacheWrite1h: cacheWrite1h ?? raised(ordinary.cacheWrite1h)
            )
        )
    }
}

extension TokenPrice {
    /// The price in the measure that another one is raised, rounded half up; the same where that one was free.
    func raised(from low: TokenPrice, to high: TokenPrice) -> TokenPrice {
        let base = Int128(low.picoUSD)
        guard base > 0 else { return self }
        let exact = (Int128(picoUSD) * Int128(high.picoUSD) + base / 2) / base
        return TokenPrice(picoUSD: Int64(clamping: exact))
    }
}

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
        func raised(_ price: TokenPrice?) -> TokenPrice? {
            let base = Int128(ordinary.input.picoUSD)
            guard let price, base > 0 else { return price }
            let exact = (Int128(price.picoUSD) * Int128(input.picoUSD) + base / 2) / base
            return TokenPrice(picoUSD: Int64(clamping: exact))
        }
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

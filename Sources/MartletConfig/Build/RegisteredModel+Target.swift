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
        return PriceTable(rates, longPrompt: longPrompt?.table)
    }

    /// What requests to it depend on.
    var abilities: ModelCapabilities {
        ModelCapabilities(jsonSchema: jsonSchema, tools: tools, reasoning: reasoning)
    }
}

extension RegisteredModel.LongPromptTier {
    /// The tier as the price table has it.
    fileprivate var table: PriceTable.LongPrompt {
        PriceTable.LongPrompt(
            aboveTokens: Int64(aboveTokens),
            rates: TokenRates(
                input: input,
                output: output,
                cacheRead: cacheRead,
                cacheWrite: cacheWrite,
                cacheWrite1h: cacheWrite1h
            )
        )
    }
}

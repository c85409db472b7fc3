import MartletCore
import MartletGovernance
import Testing

@Suite("Price table") struct PriceTableTests {
    private let table = PriceTable(
        input: TokenPrice(picoUSD: 1_000_000),
        output: TokenPrice(picoUSD: 4_000_000),
        cacheRead: TokenPrice(picoUSD: 100_000),
        cacheWrite: TokenPrice(picoUSD: 1_250_000)
    )

    @Test("splits input into cache reads, cache writes and the rest, and charges each once")
    func parts() {
        let usage = Usage(inputTokens: 100, outputTokens: 10, cacheReadTokens: 60, cacheWriteTokens: 30)
        #expect(table.cost(of: usage) == NanoUSD(10 * 1_000 + 60 * 100 + 30 * 1_250 + 10 * 4_000))
    }

    @Test("charges cached input as input where the cache has no price")
    func noCachePrice() {
        let plain = PriceTable(input: TokenPrice(picoUSD: 2_000), output: TokenPrice(picoUSD: 0))
        #expect(plain.cost(of: Usage(inputTokens: 10, outputTokens: 0, cacheReadTokens: 9)) == NanoUSD(20))
    }

    @Test("charges reasoning as part of the output, not beside it")
    func reasoning() {
        let usage = Usage(inputTokens: 0, outputTokens: 10, reasoningTokens: 8)
        #expect(table.cost(of: usage) == NanoUSD(40_000))
    }

    @Test("rounds half up to nano-dollars once, over the sum", arguments: [(1, 0), (4, 0), (5, 1), (14, 1), (15, 2)])
    func rounding(tokens: Int64, nano: Int64) {
        let table = PriceTable(input: TokenPrice(picoUSD: 50), output: TokenPrice(picoUSD: 50))
        #expect(
            table.cost(of: Usage(inputTokens: tokens, outputTokens: 5)) == NanoUSD((tokens * 50 + 250 + 500) / 1_000)
        )
        #expect(
            PriceTable(input: TokenPrice(picoUSD: 100), output: TokenPrice(picoUSD: 0))
                .cost(of: Usage(inputTokens: tokens, outputTokens: 0)) == NanoUSD(nano)
        )
    }

    @Test("never charges less than nothing, nor more than the largest amount, whatever an upstream claims")
    func lies() {
        let cached = Usage(inputTokens: 10, outputTokens: 0, cacheReadTokens: 1_000, cacheWriteTokens: 1_000)
        #expect(table.cost(of: cached) == NanoUSD(10 * 100))
        #expect(table.cost(of: Usage(inputTokens: -5, outputTokens: -5, cacheReadTokens: -5)) == .zero)
        #expect(table.cost(of: Usage(inputTokens: .max, outputTokens: .max)) == NanoUSD(.max))
    }

    @Test("prices nothing when free")
    func free() { #expect(PriceTable.free.cost(of: Usage(inputTokens: 1_000_000, outputTokens: 5)) == .zero) }
}

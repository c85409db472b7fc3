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

    @Test("a prompt over the threshold is charged by the higher prices as a whole, one at the threshold is not")
    func longPrompt() {
        func price(_ pico: Int64) -> TokenPrice { TokenPrice(picoUSD: pico) }
        var rates = TokenRates(
            input: price(1_000),
            output: price(2_000),
            cacheRead: price(100),
            cacheWrite: price(1_250)
        )
        rates.cacheWrite1h = price(2_000)
        let table = PriceTable(
            rates,
            longPrompt: .init(aboveTokens: 100, rates: TokenRates(input: price(10_000), output: price(20_000)))
        )
        var usage = Usage(
            inputTokens: 100,
            outputTokens: 1,
            cacheReadTokens: 10,
            cacheWriteTokens: 30,
            cacheWrite1hTokens: 20
        )
        #expect(
            table.cost(of: usage) == NanoUSD((60 * 1_000 + 10 * 100 + 10 * 1_250 + 20 * 2_000 + 2_000 + 500) / 1_000)
        )
        usage.inputTokens = 101
        #expect(table.cost(of: usage) == NanoUSD(101 * 10 + 20))
    }

    @Test("sound and pictures cost what text costs unless they have prices of their own")
    func media() {
        func price(_ pico: Int64) -> TokenPrice { TokenPrice(picoUSD: pico) }
        var usage = Usage(inputTokens: 30, outputTokens: 20)
        (usage.audioInputTokens, usage.imageInputTokens) = (10, 5)
        (usage.audioOutputTokens, usage.imageOutputTokens) = (4, 3)
        var rates = TokenRates(input: price(1_000), output: price(2_000))
        #expect(PriceTable(rates).cost(of: usage) == NanoUSD(30 + 40))
        (rates.audioInput, rates.imageInput) = (price(5_000), price(7_000))
        (rates.audioOutput, rates.imageOutput) = (price(11_000), price(13_000))
        #expect(PriceTable(rates).cost(of: usage) == NanoUSD(15 + 10 * 5 + 5 * 7 + 13 * 2 + 4 * 11 + 3 * 13))
    }

    @Test("savings are what the same tokens would have cost without the cache, less what they cost")
    func savings() {
        let read = Usage(inputTokens: 100, outputTokens: 10, cacheReadTokens: 60)
        #expect(table.cacheSavings(of: read) == NanoUSD(60 * 900))
        let written = Usage(inputTokens: 100, outputTokens: 10, cacheWriteTokens: 40)
        #expect(table.cacheSavings(of: written) == NanoUSD(-40 * 250))
        #expect(table.cacheSavings(of: Usage(inputTokens: 100, outputTokens: 10)) == .zero)
    }
}

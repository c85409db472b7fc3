public import MartletCore

/// Token prices of one model at one provider, in pico-dollars a token.
public struct PriceTable: Hashable, Sendable {
    /// Price of a fresh input token.
    public var input: TokenPrice
    /// Price of an output token, reasoning included.
    public var output: TokenPrice
    /// Price of an input token read from the provider's cache; `nil` charges the input price.
    public var cacheRead: TokenPrice?
    /// Price of an input token written to the provider's cache; `nil` charges the input price.
    public var cacheWrite: TokenPrice?

    /// Creates a price table.
    public init(input: TokenPrice, output: TokenPrice, cacheRead: TokenPrice? = nil, cacheWrite: TokenPrice? = nil) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
    }

    /// A table of zero prices, for local models and the built-in one.
    public static let free = PriceTable(input: TokenPrice(picoUSD: 0), output: TokenPrice(picoUSD: 0))

    /// Adds up the cost of one inference exactly and rounds half-up to nano-dollars once.
    ///
    /// Input is split into disjoint parts: cache reads, cache writes and the rest. Parts that exceed the total are
    /// cut to it, so that a lying upstream cannot make the fresh part negative.
    ///
    /// - Returns: The cost, at most `Int64.max` nano-dollars.
    public func cost(of usage: Usage) -> NanoUSD {
        let input = max(0, usage.inputTokens)
        let read = min(max(0, usage.cacheReadTokens ?? 0), input)
        let write = min(max(0, usage.cacheWriteTokens ?? 0), input - read)
        let fresh = input - read - write
        let pico =
            Int128(fresh) * Int128(self.input.picoUSD)
            + Int128(read) * Int128((cacheRead ?? self.input).picoUSD)
            + Int128(write) * Int128((cacheWrite ?? self.input).picoUSD)
            + Int128(max(0, usage.outputTokens)) * Int128(output.picoUSD)
        let nano = (pico + 500) / 1_000
        return NanoUSD(nano > Int128(Int64.max) ? Int64.max : Int64(nano))
    }
}

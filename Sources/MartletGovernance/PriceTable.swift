public import MartletCore

/// Token prices of one model at one provider, in pico-dollars a token.
public struct PriceTable: Hashable, Sendable {
    /// The prices of an ordinary request.
    public var rates: TokenRates
    /// The prices of a whole request whose prompt is longer than a threshold; `nil` when there are none.
    public var longPrompt: LongPrompt?

    /// The higher prices of long prompts: they hold for the whole request, not only for what is over the threshold.
    public struct LongPrompt: Hashable, Sendable {
        /// Prompts of more tokens than this, cached ones included, are charged by ``rates``.
        public var aboveTokens: Int64
        /// The prices.
        public var rates: TokenRates

        /// Creates a tier.
        public init(aboveTokens: Int64, rates: TokenRates) {
            self.aboveTokens = aboveTokens
            self.rates = rates
        }
    }

    /// Creates a price table.
    public init(_ rates: TokenRates, longPrompt: LongPrompt? = nil) {
        self.rates = rates
        self.longPrompt = longPrompt
    }

    /// Creates a price table without a tier for long prompts.
    public init(input: TokenPrice, output: TokenPrice, cacheRead: TokenPrice? = nil, cacheWrite: TokenPrice? = nil) {
        self.init(TokenRates(input: input, output: output, cacheRead: cacheRead, cacheWrite: cacheWrite))
    }

    /// Price of a fresh input token of an ordinary request.
    public var input: TokenPrice { rates.input }
    /// Price of an output token of an ordinary request.
    public var output: TokenPrice { rates.output }
    /// Price of an input token read from the cache by an ordinary request.
    public var cacheRead: TokenPrice? { rates.cacheRead }
    /// Price of an input token written to the cache by an ordinary request.
    public var cacheWrite: TokenPrice? { rates.cacheWrite }

    /// A table of zero prices, for local models and the built-in one.
    public static let free = PriceTable(input: TokenPrice(picoUSD: 0), output: TokenPrice(picoUSD: 0))

    /// Adds up the cost of one inference exactly and rounds half-up to nano-dollars once.
    ///
    /// The counts are split into disjoint parts first (``UsageParts``), so that a lying upstream cannot make any of them
    /// negative or have it charged twice.
    ///
    /// - Returns: The cost, at most `Int64.max` nano-dollars.
    public func cost(of usage: Usage) -> NanoUSD {
        Self.rounded(applying(usage).pico(UsageParts(usage)))
    }

    /// Says how much less an inference cost than it would have without the provider's prompt cache.
    ///
    /// Negative where writing to the cache cost more than reading from it saved; zero where no cache was used.
    public func cacheSavings(of usage: Usage) -> NanoUSD {
        let parts = UsageParts(usage)
        let cached = parts.cacheRead + parts.cacheWrite5m + parts.cacheWrite1h
        guard cached > 0 else { return .zero }
        var plain = parts
        plain.freshInput += cached
        (plain.cacheRead, plain.cacheWrite5m, plain.cacheWrite1h) = (0, 0, 0)
        let rates = applying(usage)
        return NanoUSD(Self.rounded(rates.pico(plain)).rawValue - Self.rounded(rates.pico(parts)).rawValue)
    }

    /// The prices of a request by the length of its prompt, in tokens.
    public func rates(promptTokens: Int64) -> TokenRates {
        if let longPrompt, promptTokens > longPrompt.aboveTokens { longPrompt.rates } else { rates }
    }

    private func applying(_ usage: Usage) -> TokenRates { rates(promptTokens: usage.inputTokens) }

    private static func rounded(_ pico: Int128) -> NanoUSD {
        let nano = (pico + 500) / 1_000
        return NanoUSD(nano > Int128(Int64.max) ? Int64.max : Int64(nano))
    }
}

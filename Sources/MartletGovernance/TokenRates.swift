public import MartletCore

/// What each kind of token costs at one price level, in pico-dollars a token.
public struct TokenRates: Hashable, Sendable {
    /// Price of a fresh input token.
    public var input: TokenPrice
    /// Price of an output token, reasoning included.
    public var output: TokenPrice
    /// Price of an input token read from the provider's cache; `nil` charges the input price.
    public var cacheRead: TokenPrice?
    /// Price of an input token written to the provider's cache; `nil` charges the input price.
    public var cacheWrite: TokenPrice?
    /// Price of an input token written to the cache for an hour; `nil` charges ``cacheWrite``.
    public var cacheWrite1h: TokenPrice?
    /// Price of a fresh input token of sound; `nil` charges the input price.
    public var audioInput: TokenPrice?
    /// Price of an output token of sound; `nil` charges the output price.
    public var audioOutput: TokenPrice?
    /// Price of a fresh input token of pictures; `nil` charges the input price.
    public var imageInput: TokenPrice?
    /// Price of an output token of pictures; `nil` charges the output price.
    public var imageOutput: TokenPrice?

    /// Creates rates.
    public init(
        input: TokenPrice,
        output: TokenPrice,
        cacheRead: TokenPrice? = nil,
        cacheWrite: TokenPrice? = nil,
        cacheWrite1h: TokenPrice? = nil
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.cacheWrite1h = cacheWrite1h
    }

    /// Adds up disjoint parts exactly, in pico-dollars.
    func pico(_ parts: UsageParts) -> Int128 {
        func charge(_ tokens: Int64, _ price: TokenPrice) -> Int128 { Int128(tokens) * Int128(price.picoUSD) }
        let write = cacheWrite ?? input
        var sum = charge(parts.freshInput, input) + charge(parts.cacheRead, cacheRead ?? input)
        sum += charge(parts.cacheWrite5m, write) + charge(parts.cacheWrite1h, cacheWrite1h ?? write)
        sum += charge(parts.audioInput, audioInput ?? input) + charge(parts.imageInput, imageInput ?? input)
        sum += charge(parts.output, output) + charge(parts.reasoning, output)
        sum += charge(parts.audioOutput, audioOutput ?? output) + charge(parts.imageOutput, imageOutput ?? output)
        return sum
    }
}

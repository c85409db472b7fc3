/// A price of one token in pico-dollars (10⁻¹² USD).
///
/// One dollar a million tokens is 1,000,000 pico-dollars a token.
public struct TokenPrice: Hashable, Sendable {
    /// Pico-dollars a token, 0 or more.
    public let picoUSD: Int64

    /// Wraps an amount.
    public init(picoUSD: Int64) { self.picoUSD = picoUSD }
}

/// An amount of money in nano-dollars (10⁻⁹ USD).
public struct NanoUSD: Hashable, Sendable, Comparable {
    /// Nano-dollars.
    public let rawValue: Int64

    /// Wraps an amount.
    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// Nothing.
    public static let zero = NanoUSD(0)

    /// Orders amounts.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The plain decimal in dollars with up to nine places and no trailing zeros (`0.000123`, `0`).
    public var usdText: String {
        let magnitude = rawValue.magnitude
        let (whole, part) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        var text = (rawValue < 0 ? "-" : "") + String(whole)
        if part > 0 {
            var digits = String(part)
            digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
            while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
            text += "." + digits
        }
        return text
    }
}

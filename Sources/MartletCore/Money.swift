/// A price of one token in pico-dollars (10⁻¹² USD).
///
/// One dollar a million tokens is 1,000,000 pico-dollars a token.
public struct TokenPrice: Hashable, Sendable {
    /// Pico-dollars a token, 0 or more.
    public let picoUSD: Int64

    /// Wraps an amount.
    public init(picoUSD: Int64) { self.picoUSD = picoUSD }

    /// Dollars a million tokens as a plain decimal with up to six places (`0.15`).
    public var usdPerMillionText: String {
        let (nano, overflow) = picoUSD.multipliedReportingOverflow(by: 1_000)
        return NanoUSD(overflow ? .max : nano).usdText
    }
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
        var digits: InlineArray<32, UInt8> = .init(repeating: UInt8(ascii: "0"))
        var end = 32
        var rest = rawValue.magnitude
        var places = 9
        while places > 0, rest % 10 == 0 {
            rest /= 10
            places -= 1
        }
        let fraction = places
        repeat {
            end -= 1
            if fraction > 0, places == 0 {
                digits[end] = UInt8(ascii: ".")
                end -= 1
            }
            digits[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            places -= 1
        } while rest > 0 || places >= 0
        if rawValue < 0 {
            end -= 1
            digits[end] = UInt8(ascii: "-")
        }
        return unsafe String(unsafeUninitializedCapacity: 32 - end) { buffer in
            for index in end..<32 { unsafe buffer[index - end] = digits[index] }
            return 32 - end
        }
    }
}

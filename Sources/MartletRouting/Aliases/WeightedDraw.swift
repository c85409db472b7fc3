/// Orders members by weight: drawn without replacement, each next one by its share of what is left.
///
/// The keys −ln(u)/w of Efraimidis and Spirakis ("Weighted random sampling with a reservoir", 2006), smallest first. With
/// u from a hash instead of chance this is weighted rendezvous hashing (Thaler and Ravishankar, 1998): the order is
/// the same for the same conversation, and a member that comes or goes moves only its own share.
enum WeightedDraw {
    /// The key of a member.
    ///
    /// - Parameters:
    ///   - bits: Random bits, or a hash.
    ///   - weight: Above 0.
    static func key(_ bits: UInt64, weight: Double) -> Double {
        let unit = Double((bits >> 11) + 1) / Double(1 << 53)
        return -naturalLogarithm(unit) / weight
    }

    /// The natural logarithm of a number above 0, to about nine digits: enough to compare keys by.
    static func naturalLogarithm(_ number: Double) -> Double {
        // ln(m) = 2 artanh((m − 1)/(m + 1)), by its series; m is in 1..<2, so the argument is at most a third.
        let fraction = (number.significand - 1) / (number.significand + 1)
        let square = fraction * fraction
        var sum = 0.0
        var divisor = 17.0
        while divisor >= 1 {
            sum = sum * square + 1 / divisor
            divisor -= 2
        }
        return Double(number.exponent) * 0.693_147_180_559_945_3 + 2 * fraction * sum
    }
}

/// Numbers that follow from one: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
struct DrawnNumbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mixed(state)
    }

    /// A number below a bound, which is above 0.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}

/// Hashes that are the same in every process and every run.
public enum StableHash {
    /// Spreads the bits of a number (the finalizer of SplitMix64).
    public static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Joins two hashes.
    public static func joined(_ left: UInt64, _ right: UInt64) -> UInt64 {
        mixed(left ^ (right &+ 0x9E37_79B9_7F4A_7C15 &+ (left << 6) &+ (left >> 2)))
    }

    /// Hashes a short text (FNV-1a, 64 bits, then mixed).
    public static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return mixed(hash)
    }
}

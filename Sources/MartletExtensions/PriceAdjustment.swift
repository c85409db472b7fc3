/// How the cost of a request differs from what its answer costs by the price list.
///
/// The adjusted cost is what stands in the ledger, in `/admin/usage` and in `gateway_cost_usd_total`; it is never below
/// zero. The surcharge is added once, and only to a request that was answered.
public struct PriceAdjustment: Sendable, Hashable {
    /// What the cost is multiplied by, in millionths: 1,500,000 is one and a half times.
    public var multiplierPerMillion: Int64
    /// What is added, in nano-dollars (10⁻⁹ USD); a negative amount is a discount.
    ///
    /// A request to a model without a price costs the surcharge alone.
    public var surcharge: Int64

    /// Creates an adjustment from exact numbers; a negative multiplier counts as zero.
    public init(multiplierPerMillion: Int64 = 1_000_000, surcharge: Int64 = 0) {
        self.multiplierPerMillion = max(0, multiplierPerMillion)
        self.surcharge = surcharge
    }

    /// Creates an adjustment that multiplies by a factor, which is rounded to millionths.
    ///
    /// What is no number, negative or above a million counts as 1.
    public static func times(_ factor: Double) -> PriceAdjustment {
        guard factor >= 0, factor <= 1_000_000 else { return PriceAdjustment() }
        return PriceAdjustment(multiplierPerMillion: Int64((factor * 1_000_000).rounded()))
    }

    /// Adjusts a cost in nano-dollars.
    ///
    /// - Parameters:
    ///   - cost: The cost by the price list; `nil` when the model has no price.
    ///   - isAnswered: Whether the request was answered, so that the surcharge counts.
    /// - Returns: The adjusted cost, from 0 to `Int64.max`; `nil` when neither a price nor a surcharge is there.
    public func adjusted(_ cost: Int64?, isAnswered: Bool) -> Int64? {
        let extra = isAnswered ? surcharge : 0
        guard let cost else { return extra > 0 ? extra : nil }
        let product = (Int128(cost) * Int128(max(0, multiplierPerMillion)) + 500_000) / 1_000_000
        return Int64(clamping: max(0, product + Int128(extra)))
    }
}

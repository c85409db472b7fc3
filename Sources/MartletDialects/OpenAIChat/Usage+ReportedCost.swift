import MartletCore
import MartletWire

extension Usage {
    /// Reads what a provider says a call cost, from members of a `usage` object in the OpenAI style.
    ///
    /// - `cost` in dollars (OpenRouter, "Usage Accounting"); where `is_byok` says that the model's provider bills the
    ///   operator itself, `cost_details.upstream_inference_cost` comes on top.
    /// - `cost_in_usd_ticks`, of which ten thousand million make a dollar (xAI, "Cost tracking").
    ///
    /// Negative amounts and those over a million dollars are not believed.
    static func reportedCost(_ usage: JSONView) -> NanoUSD? {
        if let ticks = usage.member("cost_in_usd_ticks")?.int64(), 0...10_000_000_000_000_000 ~= ticks {
            return NanoUSD((ticks + 5) / 10)
        }
        guard let cost = usage.member("cost").flatMap(dollars) else { return nil }
        guard usage.member("is_byok")?.bool() == true,
            let upstream = usage.member("cost_details")?.member("upstream_inference_cost").flatMap(dollars)
        else { return cost }
        return NanoUSD(cost.rawValue + upstream.rawValue)
    }

    /// An amount in dollars, rounded to nano-dollars; below a million dollars a double has the digits for that.
    private static func dollars(_ view: JSONView) -> NanoUSD? {
        guard let value = view.double(), value.isFinite, value >= 0, value <= 1_000_000 else { return nil }
        return NanoUSD(Int64((value * 1_000_000_000).rounded()))
    }
}

import MartletCore
import MartletGovernance
import MartletRouting

/// What an answer is charged with.
struct Charge {
    /// What counts: the provider's own word where it is one that gives it, else the price list's; `nil` when neither is
    /// there.
    var cost: NanoUSD?
    /// What the price list gives for an answer whose provider said what it cost; to be compared with that.
    var listed: NanoUSD?

    /// Creates the charge of one answer, with what was spent before it.
    init(_ usage: Usage, on target: Target, after spent: Boxed<Spent>?) {
        let price = target.price?.cost(of: usage)
        cost = price
        if target.quirks.reportsCost, let reported = usage.reportedCost {
            listed = price
            cost = reported
        }
        if let spent { add(spent.value.charge) }
    }

    /// Adds what was charged before; a cost that is not known stays unknown.
    private mutating func add(_ before: Charge) {
        listed = listed.flatMap { Self.sum($0, before.listed ?? before.cost) }
        cost = cost.flatMap { Self.sum($0, before.cost) }
    }

    private static func sum(_ left: NanoUSD, _ right: NanoUSD?) -> NanoUSD? {
        guard let right else { return nil }
        let (sum, overflow) = left.rawValue.addingReportingOverflow(right.rawValue)
        return NanoUSD(overflow ? .max : sum)
    }
}

extension Usage {
    /// What counts of what a target told: parts that fit into their totals, and a cost only where it is a provider whose
    /// word about it is what it charges.
    func believed(of target: Target) -> Usage {
        var usage = fitted()
        if !target.quirks.reportsCost { usage.reportedCost = nil }
        return usage
    }
}

extension Exchange {
    /// Notes what the prompt cache saved, and what the provider's word and the price list differ by.
    mutating func noteMoney(_ usage: Usage, _ charge: Charge?, on target: Target) {
        let (read, written) = (usage.cacheReadTokens ?? 0, usage.cacheWriteTokens ?? 0)
        if read > 0 || written > 0, let price = target.price {
            let saved = price.cacheSavings(of: usage).rawValue / 1_000
            trace.add(.promptCache, Int(clamping: read), Int(clamping: written), Int(clamping: saved))
        }
        if let reported = usage.reportedCost, let listed = charge?.listed {
            trace.add(
                .reportedCost,
                Int(clamping: reported.rawValue / 1_000),
                Int(clamping: listed.rawValue / 1_000)
            )
        }
    }
}

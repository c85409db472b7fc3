import MartletExtensions
import Testing

@Suite("Price adjustment") struct PriceAdjustmentTests {
    @Test("a multiplier is exact to a millionth and rounds half up")
    func multiplier() {
        #expect(PriceAdjustment.times(1.5).adjusted(1_001, isAnswered: true) == 1_502)
        #expect(PriceAdjustment(multiplierPerMillion: 333_333).adjusted(3_000_000, isAnswered: true) == 999_999)
        #expect(PriceAdjustment.times(0).adjusted(1_001, isAnswered: true) == 0)
    }

    @Test("a surcharge counts for what was answered, also where there is no price")
    func surcharge() {
        let adjustment = PriceAdjustment(surcharge: 70)
        #expect(adjustment.adjusted(100, isAnswered: true) == 170)
        #expect(adjustment.adjusted(100, isAnswered: false) == 100)
        #expect(adjustment.adjusted(nil, isAnswered: true) == 70)
        #expect(adjustment.adjusted(nil, isAnswered: false) == nil)
        #expect(PriceAdjustment.times(2).adjusted(nil, isAnswered: true) == nil)
    }

    @Test("a cost is never below zero and never overflows")
    func bounds() {
        #expect(PriceAdjustment(surcharge: -500).adjusted(100, isAnswered: true) == 0)
        #expect(PriceAdjustment(multiplierPerMillion: -1).adjusted(100, isAnswered: true) == 0)
        let all = PriceAdjustment(multiplierPerMillion: .max, surcharge: .max)
        #expect(all.adjusted(.max, isAnswered: true) == .max)
        for factor in [Double.nan, .infinity, -1, 1e300] {
            #expect(PriceAdjustment.times(factor) == PriceAdjustment())
        }
    }
}

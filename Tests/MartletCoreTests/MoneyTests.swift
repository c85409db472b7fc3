import MartletCore
import Testing

@Suite("Money") struct MoneyTests {
    @Test(
        "is told in dollars without trailing zeros",
        arguments: [
            (0, "0"), (1, "0.000000001"), (123_000, "0.000123"), (1_000_000_000, "1"), (1_500_000_000, "1.5"),
            (-1, "-0.000000001"), (-2_000_000_000, "-2"), (100_000_000, "0.1"), (.max, "9223372036.854775807"),
            (.min, "-9223372036.854775808"),
        ] as [(Int64, String)]
    )
    func text(nano: Int64, text: String) { #expect(NanoUSD(nano).usdText == text) }

    @Test("orders by amount")
    func order() { #expect(NanoUSD(-1) < .zero && NanoUSD.zero < NanoUSD(1)) }
}

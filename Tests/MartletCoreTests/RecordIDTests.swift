import MartletCore
import Testing

@Suite("Record id") struct RecordIDTests {
    @Test("carries the time, the version and the variant of RFC 9562")
    func fields() {
        let id = RecordID(unixMilliseconds: 0x0123_4567_89AB, random: (.max, .max))
        #expect(id.unixMilliseconds == 0x0123_4567_89AB)
        #expect(id.description == "01234567-89ab-7fff-bfff-ffffffffffff")
        let low = RecordID(unixMilliseconds: 0, random: (0, 0))
        #expect(low.description == "00000000-0000-7000-8000-000000000000")
    }

    @Test("reads the example of RFC 9562, appendix A.6")
    func example() {
        let id = RecordID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(id?.unixMilliseconds == 1_645_557_742_000)
        #expect(id?.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test("text goes there and back")
    func roundTrip() {
        for random in [(0, 0), (1, 2), (UInt64.max, 5), (0x0FFF, UInt64.max)] as [(UInt64, UInt64)] {
            let id = RecordID(unixMilliseconds: 1_795_000_000_000, random: random)
            #expect(RecordID(id.description) == id)
        }
    }

    @Test("orders by time")
    func order() {
        let earlier = RecordID(unixMilliseconds: 5, random: (.max, .max))
        #expect(earlier < RecordID(unixMilliseconds: 6, random: (0, 0)))
        #expect(RecordID(high: 1, low: 1) < RecordID(high: 1, low: 2))
    }

    @Test(
        "takes no other text",
        arguments: [
            "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
            "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e279b07cc398c4dc0c0c07398f",
            "017f22e2-79b0-7cc3-98c4+dc0c0c07398f",
            "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398é", "-----",
            "017f22e2--9b0-7cc3-98c4-dc0c0c07398f",
        ]
    )
    func malformed(text: String) { #expect(RecordID(text) == nil) }
}

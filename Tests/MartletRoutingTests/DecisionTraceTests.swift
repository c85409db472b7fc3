import MartletCore
import MartletRouting
import Testing

@Suite("Decision trace") struct DecisionTraceTests {
    @Test("keeps 48 entries and says that it is cut")
    func bounded() {
        var trace = DecisionTrace()
        for index in 0..<48 { trace.add(.attempt, index) }
        #expect(!trace.isCut)
        trace.add(.clientGone)
        #expect(trace.entries.count == 48 && trace.isCut)
    }

    @Test("is told as text of whole entries, at most 512 bytes")
    func text() {
        var trace = DecisionTrace()
        trace.add(.planned, 2, 0)
        trace.add(.failed, .max, .min, -1)
        #expect(
            String(decoding: trace.text(), as: UTF8.self)
                == "planned targets=2 reason=named;failed kind=2147483647 status=-2147483648 target=-1;"
        )
        for _ in 0..<46 { trace.add(.interrupted, 1_000_000, 1_000_000) }
        #expect(trace.text().count <= 512)
        #expect(trace.text().last == UInt8(ascii: ";"))
    }

    @Test("names what its numbers stand for")
    func words() {
        var trace = DecisionTrace()
        trace.add(.alias, 1, Int(AliasStrategy.cheapest.rawValue), 3)
        trace.add(.ranked, 2, 750_000, 0)
        trace.add(.ranked, 0, -1, 1)
        trace.add(.autoRule, 2, 9_000, 1)
        trace.add(.skipped, 1, Int(TargetStanding.Obstacle.circuitOpen.rawValue), 4_000)
        trace.add(.planned, 2, RouteReason.allCases.firstIndex(of: .cheapest) ?? -1)
        let text = String(decoding: trace.text(aliasName: { ["a", "b/c"][$0] }), as: UTF8.self)
        #expect(
            text == "alias name=b/c strategy=cheapest of=3;ranked place=2 pico_usd=750000;"
                + "ranked place=0 nano_usd_request=unknown;auto_rule rule=prompt_too_long tokens=9000 tier=1;"
                + "skipped target=1 obstacle=circuit_open ms=4000;planned targets=2 reason=cheapest;"
        )
    }

    @Test("dates entries by the event that is handled, from receipt on")
    func times() {
        var trace = DecisionTrace(since: Instant(nanoseconds: 5_000_000_000))
        trace.add(.planned)
        trace.now = Instant(nanoseconds: 5_003_999_999)
        trace.add(.attempt)
        trace.now = Instant(nanoseconds: 4_000_000_000)
        trace.add(.sent)
        trace.now = Instant(nanoseconds: .max)
        trace.add(.failed)
        #expect(trace.entries.map(\.milliseconds) == [0, 3, 0, .max])
    }

    @Test("every kind of entry has a text, and none is mistaken for another")
    func everyCode() {
        let texts = DecisionTrace.Code.allCases.map { code in
            var trace = DecisionTrace()
            trace.add(code, 1, 2, 3)
            return String(decoding: trace.text(), as: UTF8.self)
        }
        #expect(Set(texts).count == texts.count && texts.allSatisfy { $0.hasSuffix(";") })
    }
}

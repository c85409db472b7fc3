import MartletWire
import Testing

@Suite("Retry-After") struct RetryAfterTests {
    /// 1994-11-06 08:49:37 UTC, the date RFC 9110 uses in its examples.
    private static let example: Int64 = 784_111_777

    private func read(_ value: String?, ms: String? = nil, now: Int64 = example) -> RetryAfter {
        RetryAfter(retryAfter: value.map { Array($0.utf8) }, retryAfterMs: ms.map { Array($0.utf8) }, dateNow: now)
    }

    @Test("takes whole seconds") func seconds() {
        #expect(read("0").delay == .zero)
        #expect(read("7").delay == .seconds(7))
        #expect(read("3600").delay == .seconds(3600))
        #expect(read("007").delay == .seconds(7))
        #expect(RetryAfter.parse(retryAfter: Array("7".utf8), retryAfterMs: nil, dateNow: 0) == .seconds(7))
    }

    @Test(
        "tells a wait of more than an hour, and gives no delay for it",
        arguments: [
            "3601", "99999999999999999999999999", "Sun, 06 Nov 1994 09:49:38 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
        ]
    )
    func tooLong(_ value: String) {
        #expect(read(value).delay == nil)
        #expect(read(value).isOverLimit)
    }

    @Test(
        "takes dates in all three forms",
        arguments: [
            "Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994",
        ]
    )
    func dates(_ value: String) {
        #expect(read(value).delay == .seconds(60))
        #expect(read(value, now: Self.example + 60).delay == .zero)
        #expect(read(value, now: Self.example + 1_000_000).delay == .zero)
        #expect(read(value, now: Self.example + 60 - 3600).delay == .seconds(3600))
        #expect(read(value, now: Self.example + 60 - 3601).isOverLimit)
    }

    @Test(
        "counts days over leap years and centuries",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:10 GMT", 0), ("Tue, 29 Feb 2000 00:00:10 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:10 GMT", 951_868_800), ("Mon, 01 Mar 2100 00:00:10 GMT", 4_107_542_400),
            ("Fri, 31 Dec 2027 00:00:10 GMT", 1_830_211_200), ("Thu Dec 31 00:00:10 2026", 1_798_675_200),
            ("Saturday, 01-Jan-00 00:00:10 GMT", 946_684_800), ("Thursday, 31-Dec-26 00:00:10 GMT", 1_798_675_200),
        ]
    )
    func calendar(_ value: String, _ now: Int64) {
        #expect(read(value, now: now).delay == .seconds(10))
    }

    @Test("takes a year of two digits that is far ahead for a past one") func century() {
        // Seen from 2026, 76 is at most 50 years ahead and 77 is not.
        #expect(read("Friday, 31-Dec-76 00:00:00 GMT", now: 1_780_000_000).isOverLimit)
        #expect(read("Friday, 31-Dec-77 00:00:00 GMT", now: 1_780_000_000).delay == .zero)
        #expect(read("Friday, 01-Jan-10 00:00:00 GMT", now: 3_155_760_000 + 86_400 * 365).isOverLimit)
    }

    @Test(
        "ignores what is no number and no date",
        arguments: [
            "", " ", "-1", "+1", "1.5", "1e3", "0x10", "soon", "NaN", "inf", "1 ", "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 2100 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMTx", "Sun Nov 6 08:49:37 1994", ",",
            "Sunday,",
            "Sun Nov  6 08:49:37 19945", "06 Nov 1994 08:49:37 GMT",
        ]
    )
    func unusable(_ value: String) {
        #expect(read(value).delay == nil)
        #expect(!read(value).isOverLimit)
    }

    @Test("lets milliseconds decide when they are usable") func milliseconds() {
        #expect(read("9", ms: "1500").delay == .milliseconds(1500))
        #expect(read(nil, ms: "0.5").delay == .microseconds(500))
        #expect(read(nil, ms: "1e3").delay == .seconds(1))
        #expect(read(nil, ms: "0").delay == .zero)
        #expect(read(nil, ms: "3600000").delay == .seconds(3600))
        for value in ["3600000.1", "1e300", "1e999", "99999999999999999999"] {
            #expect(read("9", ms: value) == read(nil, ms: value))
            #expect(read(nil, ms: value).isOverLimit && read(nil, ms: value).delay == nil)
        }
        for value in ["", "-1", "nan", "inf", "0x1p3", "1,5", "1 ", "--1", "e", ".", String(repeating: "9", count: 65)]
        {
            #expect(read("9", ms: value).delay == .seconds(9))
            #expect(read(nil, ms: value).delay == nil && !read(nil, ms: value).isOverLimit)
        }
        #expect(read(nil).delay == nil && !read(nil).isOverLimit)
    }

    @Test("does not trap at the ends of time") func extremes() {
        for now in [Int64.min, .max, 0] {
            for year in 0...99 {
                _ = read("Sunday, 06-Nov-\(year < 10 ? "0" : "")\(year) 08:49:37 GMT", now: now)
            }
            for value in ["Sat, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:60 GMT"] {
                _ = read(value, now: now)
            }
        }
    }
}

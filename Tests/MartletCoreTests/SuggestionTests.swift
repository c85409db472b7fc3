import MartletCore
import Testing

@Suite("Suggestions") struct SuggestionTests {
    @Test(
        "the closest close name is suggested",
        arguments: [
            ("tiemout_s", "timeout_s"), ("Timeout_s", "timeout_s"), ("timeouts", "timeout_s"), ("bindd", "bind"),
            ("zzz", nil), ("", nil),
        ] as [(String, String?)]
    )
    func nearest(name: String, expected: String?) {
        #expect(Suggestion.nearest(to: name, among: ["bind", "timeout_s", "base_url"]) == expected)
    }

    @Test("distance counts edits and swaps of neighbours")
    func distance() {
        func of(_ left: String, _ right: String) -> Int { Suggestion.distance(Array(left.utf8), Array(right.utf8)) }
        #expect(of("", "abc") == 3)
        #expect(of("abc", "") == 3)
        #expect(of("abcd", "acbd") == 1)
        #expect(of("kitten", "sitting") == 3)
    }
}

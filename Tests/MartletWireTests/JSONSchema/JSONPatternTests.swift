import MartletWire
import Testing

private func occurs(_ pattern: String, _ text: String) throws -> Bool? {
    var steps = 1_000_000
    return try JSONPattern(Array(pattern.utf8)).occurs(in: Array(text.utf8), steps: &steps)
}

@Suite("JSON Schema patterns") struct JSONPatternTests {
    @Test(arguments: [
        (#"\p{L}+\d"#, "é1", true), (#"^\P{Lu}$"#, "A", false), (#"^\p{Script_Extensions=Latin}$"#, "", nil),
        (#"^[\p{Lu}_]+$"#, "ÄB_", true), (#"^\w+$"#, "é", false), (#"^\d$"#, "\u{0661}", false),
        (#"^\s$"#, "\u{FEFF}", true),
        (#"^[^\W\d]+$"#, "ab_", true), (#"^[^\W\d]+$"#, "a1", false), (#"^a{2}$"#, "aa", true),
        (#"^a{2,}$"#, "a", false),
        (#"^a{,2}$"#, "a{,2}", true), (#"^{$"#, "{", true), (#"^\u{1F600}$"#, "😀", true),
        (#"^\uD83D\uDE00$"#, "😀", true),
        (#"^[😀-😂]$"#, "😁", true), (#"^\cJ$"#, "\n", true), (#"^\x41$"#, "A", true), (#"^[\b]$"#, "\u{8}", true),
        (#"a$"#, "a\n", false), (#"^$"#, "", true), (#"()*"#, "", true), (#"^(a*)*$"#, "aab", false),
        (#"^(?<year>\d{4})$"#, "2026", true),
        (#"^(?:a|)b$"#, "b", true), (#"^[]$"#, "a", false), (#"^[^]$"#, "\n", true), (#"^a|b$"#, "xb", true),
        (#"(?=a)"#, "ba", true), (#"^(?!.*\.\.)[a-z.]+$"#, "a.b", true), (#"^(?!.*\.\.)[a-z.]+$"#, "a..b", false),
        (#"^(?=(?=a)ab)ab$"#, "ab", true), (#"\Bb"#, "ab", true), (#"\/"#, "/", true), (#"^[a\-z]+$"#, "a-z", true),
        (#"^[\d-x]+$"#, "1-x", true), (#"(a)\1"#, "", nil), (#"(?<=a)b"#, "", nil), (#"(?i)a"#, "", nil),
        (#"\q"#, "", nil),
    ])
    func `read ECMAScript's syntax`(_ pattern: String, _ text: String, _ expected: Bool?) throws {
        if let expected {
            #expect(try occurs(pattern, text) == expected)
        } else {
            let error = #expect(throws: JSONPatternError.self) { try occurs(pattern, text) }
            guard case .unsupported = error else { Issue.record("\(pattern) is \(String(describing: error))"); return }
        }
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "[b-a]", "*", "a**", "a{2,1}", "\\", "\\x4", "\\u12", "(?<a", "^*", "\\p{", "(?",
    ])
    func `are refused when they are none`(_ pattern: String) {
        let error = #expect(throws: JSONPatternError.self) { try occurs(pattern, "") }
        if case .tooLarge = error { Issue.record("\(pattern) is not too large") }
    }

    @Test(arguments: [
        "(a{1000}){1000}", "((){9999}){9999}", "a{99999}",
        String(repeating: "(", count: 100) + String(repeating: ")", count: 100),
    ])
    func `have a size`(_ pattern: String) {
        let error = #expect(throws: JSONPatternError.self) { try occurs(pattern, "") }
        #expect(error == .tooLarge)
    }

    @Test(arguments: ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*a){12}$", "(x+x+)+y", "^(?=(a+)+$)"])
    func `take time linear to the text, whatever they are`(_ pattern: String) throws {
        var steps = 20_000_000
        let compiled = try JSONPattern(Array(pattern.utf8))
        let text = String(repeating: pattern.hasPrefix("(x") ? "x" : "a", count: 20_000) + "!"
        #expect(compiled.occurs(in: Array(text.utf8), steps: &steps) == false)
        #expect(steps > 0)
    }

    @Test func `give up when the work is too much`() throws {
        var steps = 1_000
        let compiled = try JSONPattern(Array("^(?=.*a)(?=.*b).*$".utf8))
        #expect(compiled.occurs(in: [UInt8](repeating: 0x63, count: 10_000), steps: &steps) == nil)
    }
}

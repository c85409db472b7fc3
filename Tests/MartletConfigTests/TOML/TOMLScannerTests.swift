import TOMLKit
import Testing

@testable import MartletConfig

@Suite("TOML positions") struct TOMLScannerTests {
    private func find(_ root: TOMLPositions, _ path: [String]) -> TOMLPositions.Position? {
        var node: TOMLPositions? = root
        for part in path {
            if let index = Int(part), let elements = node?.elements, !elements.isEmpty {
                node = index < elements.count ? elements[index] : nil
            } else {
                node = node?.child(Array(part.utf8))
            }
        }
        return node?.position
    }

    private static let document = """
        top = 1 # x = 2
        [server]
        bind = "a # not a comment = [x]"
          "quoted \\u0041.key" = 'lit'
        [gateway.providers.one]
        headers = { "X-Team" = "search", deep.er = [1, { inner = 2 }] }
        text = \"\"\"
        no = "key"
        [not.a.header]
        \"\"\"
        after = [
          "a", # ]
          { k = 1 },
        ]
        [[rules]]
        n = 1
        [[rules]]
        n = 2
        [rules.sub]
        "é".'ü' = 3
        """

    @Test(
        "every key is found at its line and column",
        arguments: [
            (["top"], 1, 1), (["server"], 2, 2), (["server", "bind"], 3, 1), (["server", "quoted A.key"], 4, 3),
            (["gateway", "providers"], 5, 10), (["gateway", "providers", "one", "headers", "X-Team"], 6, 13),
            (["gateway", "providers", "one", "headers", "deep", "er"], 6, 39),
            (["gateway", "providers", "one", "headers", "deep", "er", "1", "inner"], 6, 50),
            (["gateway", "providers", "one", "after"], 11, 1),
            (["gateway", "providers", "one", "after", "1", "k"], 13, 5),
            (["rules", "0", "n"], 16, 1), (["rules", "1", "n"], 18, 1), (["rules", "1", "sub"], 19, 8),
            (["rules", "1", "sub", "é", "ü"], 20, 5),
        ]
    )
    func positions(path: [String], line: Int, column: Int) {
        let root = TOMLScanner(Array(Self.document.utf8)).root
        #expect(find(root, path) == TOMLPositions.Position(line: line, column: column))
    }

    @Test("text inside strings holds no keys")
    func strings() {
        let root = TOMLScanner(Array(Self.document.utf8)).root
        #expect(find(root, ["gateway", "providers", "one", "no"]) == nil)
        #expect(find(root, ["not"]) == nil)
        #expect(root.keys.map { String(decoding: $0, as: UTF8.self) } == ["top", "server", "gateway", "rules"])
    }

    @Test("line ends of both kinds and a byte order mark do not move positions")
    func lineEnds() {
        let text = "\u{FEFF}a = 1\r\n[b]\r\nc = 2\r\n"
        let root = TOMLScanner(Array(text.utf8)).root
        #expect(find(root, ["a"]) == .init(line: 1, column: 1))
        #expect(find(root, ["b", "c"]) == .init(line: 3, column: 1))
    }

    @Test("an unquoted name with a slash is found and quoted, everything else stays as it is")
    func unquotedNames() {
        let text = "x = 'a/b'\n[aliases.reasoning/cheapest] # a/b\ntargets = [\"a/b\"]\n[models.a/b]\n"
        let scanner = TOMLScanner(Array(text.utf8))
        #expect(scanner.unquotedNames.map(\.position) == [.init(line: 2, column: 10)])
        #expect(
            String(decoding: scanner.quotingNames(), as: UTF8.self)
                == "x = 'a/b'\n[aliases.\"reasoning/cheapest\"] # a/b\ntargets = [\"a/b\"]\n[models.a/b]\n"
        )
    }

    @Test(
        "deep nesting is noted and ends the scan",
        arguments: [
            String(repeating: "[", count: 5_000), String(repeating: "a.", count: 5_000) + "b = 1",
            String(repeating: "{a=", count: 5_000), "[" + String(repeating: "a.", count: 5_000) + "b]",
        ]
    )
    func depth(tail: String) {
        let text = tail.hasPrefix("[a") || tail.hasPrefix("a") ? tail : "x = " + tail
        let scanner = TOMLScanner(Array(text.utf8))
        #expect(scanner.tooDeep != nil)
        var diagnostics: [ConfigDiagnostic] = []
        _ = TOMLDocument.parse(Array(text.utf8), file: "f", diagnostics: &diagnostics)
        #expect(diagnostics.map(\.message) == ["nested deeper than 64 levels"])
    }

    @Test(
        "a document the library would end the process on never reaches it",
        arguments: [
            ("a = 1\n[{x]", 2, 2), ("[[ é]]", 1, 4), ("[\n]", 1, 2), ("[", 1, 2), ("[]", 1, 2), ("[[[a]]]", 1, 3),
            ("[.a]", 1, 2), ("a = [1, }]", 1, 9), ("a =", 1, 4), ("a = # b", 1, 5), ("a = [\rx]", 1, 6),
            ("é = 1", 1, 1),
            ("a. = 1", 1, 4), ("a = { , }", 1, 7), ("a = 1979-05-27 0  # x", 1, 16), ("a = 1 b = 2", 1, 7),
            ("a = [1 2]", 1, 8), ("a = 1é", 1, 6),
        ]
    )
    func faults(text: String, line: Int, column: Int) {
        var diagnostics: [ConfigDiagnostic] = []
        _ = TOMLDocument.parse(Array(text.utf8), file: "f", diagnostics: &diagnostics)
        #expect(diagnostics.map(\.origin) == [.file(path: "f", line: line, column: column)])
        #expect(TOMLScanner(Array(text.utf8)).fault != nil)
    }

    // MARK: Against the library

    /// Lists keys that the library has and the scanner has not.
    private func missingKeys(_ table: TOMLTable, _ node: TOMLPositions, _ path: String) -> [String] {
        table.keys.flatMap { key -> [String] in
            guard let child = node.child(Array(key.utf8)) else { return ["\(path).\(key)"] }
            return table[key].map { missing($0, child, "\(path).\(key)") } ?? []
        }
    }

    private func missing(_ value: any TOMLValueConvertible, _ node: TOMLPositions, _ path: String) -> [String] {
        if let table = value.table { return missingKeys(table, node, path) }
        guard let array = value.array else { return [] }
        return array.enumerated().flatMap { index, element -> [String] in
            guard index < node.elements.count else { return ["\(path)[\(index)]"] }
            return missing(element, node.elements[index], "\(path)[\(index)]")
        }
    }

    @Test("the scanner has every key that the library has, on the full file")
    func fullFile() throws {
        let scanner = TOMLScanner(Array(try Fixture.text("full.toml").utf8))
        let text = String(decoding: scanner.quotingNames(), as: UTF8.self)
        #expect(missingKeys(try TOMLTable(string: text), scanner.root, "") == [])
    }

    @Test("the scanner has every key that the library has, on mutated files that still parse")
    func mutations() throws {
        let seeds = [Self.document, try Fixture.text("full.toml")].map { Array($0.utf8) }
        let pieces = [
            "[", "]", "{", "}", "\"", "'", "\"\"\"", "'''", "=", ".", ",", "#", "\n", "\\", "a", " ", "1", "\r\n",
        ]
        .map { Array($0.utf8) }
        var random = SplitMix(seed: 7)
        var parsed = 0
        for round in 0..<4_000 {
            var bytes = seeds[round % 50 == 0 ? 1 : 0]
            for _ in 0...(random.next() % 3) {
                let at = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(contentsOf: pieces[Int(random.next() % UInt64(pieces.count))], at: at)
                default: bytes.replaceSubrange(at...at, with: pieces[Int(random.next() % UInt64(pieces.count))])
                }
            }
            let scanner = TOMLScanner(bytes)
            guard scanner.fault == nil, scanner.tooDeep == nil,
                let text = String(validating: scanner.quotingNames(), as: UTF8.self),
                let table = try? TOMLTable(string: text)
            else { continue }
            parsed += 1
            let lost = missingKeys(table, scanner.root, "")
            #expect(lost == [], "\(String(decoding: bytes, as: UTF8.self))")
            if !lost.isEmpty { return }
        }
        #expect(parsed > 500)
    }
}

/// A small seeded generator (SplitMix64).
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

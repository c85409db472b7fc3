import Testing

@testable import MartletConfig

/// Each file under `Fixtures/invalid` is named by what is bad; its last lines, after `#>`, are what must be found.
@Suite("Findings in bad files") struct GoldenTests {
    static let names: [String] = (try? Fixture.names(in: "invalid")) ?? []

    @Test("are exactly the expected lines", arguments: names)
    func golden(name: String) throws {
        let text = try Fixture.text("invalid/\(name)")
        let expected = text.split(separator: "\n").filter { $0.hasPrefix("#> ") }.map { String($0.dropFirst(3)) }
        try #require(!expected.isEmpty)
        var given = Given(environment: ["GOOD_KEY": "sk-0123456789abcdef"])
        given.add("bad.toml", text)
        #expect(given.findings() == expected)
    }

    @Test("there are files to check")
    func present() {
        #expect(Self.names.count >= 25)
    }

    @Test("a file that is missing, not UTF-8, holds NUL or is too large is one error")
    func unreadable() {
        func findings(_ bytes: [UInt8]?) -> [String] {
            ConfigLoader.load(files: ["f.toml"], environment: [:], files: FileAccess(read: { _ in bytes }))
                .diagnostics.map(\.description)
        }
        #expect(findings(nil) == ["f.toml:1:1: error: the file is missing or cannot be read"])
        #expect(findings([0x61, 0x3D, 0x22, 0xFF, 0x22]) == ["f.toml:1:1: error: the file is not UTF-8"])
        #expect(findings(Array("a = 1\nb\u{0}".utf8)) == ["f.toml:2:2: error: NUL byte"])
        #expect(
            findings([UInt8](repeating: 0x0A, count: (4 << 20) + 1)) == [
                "f.toml:1:1: error: the file is larger than 4 MiB"
            ]
        )
        #expect(findings([]) == [])
    }

    @Test("a world-readable file may hold no secret, and the finding does not show it")
    func worldReadable() {
        var given = Given(
            """
            [gateway.providers.mine]
            type = "openai_compatible"
            base_url = "https://h/v1"
            headers = { "X-Api-Key" = "sk-very-secret", "X-Team" = "a" }
            [storage]
            url = "postgres://u:hunter2@db/m"
            """
        )
        given.permissions["martlet.toml"] = 0o644
        let errors = given.load().diagnostics.filter { $0.severity == .error }.map(\.description)
        #expect(
            errors == [
                "martlet.toml:4:13: error: gateway.providers.mine.headers.X-Api-Key holds a secret and the file is "
                    + "world-readable (mode 644); run chmod 600 martlet.toml",
                "martlet.toml:6:1: error: storage.url holds a secret and the file is world-readable (mode 644); "
                    + "run chmod 600 martlet.toml",
            ]
        )
        given.permissions["martlet.toml"] = 0o640
        #expect(!given.load().diagnostics.hasErrors)
    }
}

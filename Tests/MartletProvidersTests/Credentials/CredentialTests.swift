import MartletCore
import MartletProviders
import Testing

@Suite("Credentials") struct CredentialTests {
    private let resolver = CredentialResolver(environment: [
        "KEY": "sk-0123456789abcdef", "EMPTY": "", "PATH_TO_KEY": "/run/key", "SPLIT": "sk-1\r\nX-Evil: 1",
    ]) { path in
        switch path {
        case "/run/key": Array("sk-file\n".utf8)
        case "/run/crlf": Array("sk-file\r\n".utf8)
        case "/run/two": Array("sk-file\n\n".utf8)
        case "/run/empty": Array("\n".utf8)
        case "/run/huge": [UInt8](repeating: 0x61, count: 65_537)
        case "/run/latin": [0x61, 0xE9]
        default: nil
        }
    }

    @Test(
        "locations are parsed by their prefix",
        arguments: [
            ("env::KEY", CredentialLocation.environment("KEY")), ("file::a/b", .file("a/b")), ("path::a", .file("a")),
            ("path_from_env::P", .pathFromEnvironment("P")), ("dynamic::k", .dynamic("k")), ("sdk", .sdk),
            ("none", .none), ("file::a::b", .file("a::b")),
        ]
    )
    func parses(text: String, expected: CredentialLocation) throws {
        #expect(try CredentialLocation(parsing: text) == expected)
    }

    @Test("anything else is no location", arguments: ["", "KEY", "env:KEY", "env::", "ENV::KEY", "env::A=B", "sk-123"])
    func refuses(text: String) {
        #expect(throws: CredentialError.malformed) { try CredentialLocation(parsing: text) }
    }

    @Test("values come from variables and files; one newline at a file's end is not part of them")
    func resolves() throws {
        #expect(try resolver.resolve(.environment("KEY"))?.reveal() == "sk-0123456789abcdef")
        #expect(try resolver.resolve(.file("/run/key"))?.reveal() == "sk-file")
        #expect(try resolver.resolve(.file("/run/crlf"))?.reveal() == "sk-file")
        #expect(try resolver.resolve(.pathFromEnvironment("PATH_TO_KEY"))?.reveal() == "sk-file")
        #expect(try resolver.resolve(.none) == nil)
    }

    @Test("a fallback is used when the first place has nothing")
    func fallback() throws {
        let location = CredentialLocation.fallback(.dynamic("k"), .environment("KEY"))
        #expect(try resolver.resolve(location)?.reveal() == "sk-0123456789abcdef")
        #expect(throws: CredentialError.variableUnset("NO")) {
            try resolver.resolve(.fallback(.environment("EMPTY"), .environment("NO")))
        }
    }

    @Test("what cannot stand in a header is refused, and the value is not in the reason")
    func headerBytes() {
        for location in [CredentialLocation.environment("SPLIT"), .file("/run/two"), .file("/run/latin")] {
            do {
                _ = try resolver.resolve(location)
                Issue.record("\(location) was accepted")
            } catch {
                #expect(!error.reason.contains("Evil") && !error.reason.contains("sk-"))
            }
        }
    }

    @Test("missing, empty and oversized places are told apart")
    func missing() {
        #expect(throws: CredentialError.variableUnset("EMPTY")) { try resolver.resolve(.environment("EMPTY")) }
        #expect(throws: CredentialError.fileUnreadable("/nowhere")) { try resolver.resolve(.file("/nowhere")) }
        #expect(throws: CredentialError.fileUnreadable("/run/huge")) { try resolver.resolve(.file("/run/huge")) }
        #expect(throws: CredentialError.empty("file /run/empty")) { try resolver.resolve(.file("/run/empty")) }
        #expect(throws: CredentialError.notAvailable("dynamic::k")) { try resolver.resolve(.dynamic("k")) }
    }

    @Test("no way of printing a secret shows more than its last four characters")
    func masking() {
        let secret = Secret("sk-0123456789abcdef")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("0123"), "\(text)")
        }
        #expect(secret.description == "••••cdef")
        #expect(Secret("short").description == "••••")
    }
}

import NIOCore
import Testing

@testable import MartletServer

@Suite("Addresses that may be fetched") struct MediaURLTests {
    @Test(
        "whole addresses are read, and written as they were understood",
        arguments: [
            ("https://example.com/a.png", "https://example.com/a.png"),
            ("HTTPS://EXAMPLE.com", "https://example.com/"),
            ("https://example.com?a=b", "https://example.com/?a=b"),
            ("https://example.com:443/x", "https://example.com/x"),
            ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"),
            ("https://1.1.1.1/x", "https://1.1.1.1/x"),
            ("https://a_b.example-1.com/%20?q=@", "https://a_b.example-1.com/%20?q=@"),
        ]
    )
    func reads(_ text: String, _ understood: String) throws {
        #expect(try MediaURL(text, allowed: []).text == understood)
    }

    @Test(
        "other schemes are refused",
        arguments: [
            "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "//example.com/", "example.com", "",
            "javascript:alert(1)", "data:image/png;base64,AAAA",
        ]
    )
    func schemes(_ text: String) {
        #expect(throws: MediaURL.Refusal.scheme) { try MediaURL(text, allowed: []) }
    }

    @Test(
        "what two readers could understand differently is refused",
        arguments: [
            "https://user@example.com/", "https://user:pw@example.com/", "https://a@b@c/", "https://example.com/#x",
            "https://example.com\\@evil.com/", "https:// example.com/", "https://exa\u{0}mple.com/", "https:///x",
            "https://ex\u{E4}mple.com/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
            "https://0177.0.0.1/", "https://1.2.3/", "https://1.2.3.256/", "https://01.2.3.4/", "https://a.0x7f/",
            "https://\u{FF11}.1.1.1/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:/",
            "https://example.com:4a/", "https://[::1/", "https://[::1]x/", "https://[fe80::1%25eth0]/",
            "https://[1.1.1.1]/",
            "https://a..b/", "https://example.com./", "https://::1/",
            "https://\(String(repeating: "a", count: 64)).com/",
            "https://\(String(repeating: "a.", count: 126))com/",
            "https://example.com/\(String(repeating: "a", count: 8_192))",
        ]
    )
    func odd(_ text: String) {
        #expect(throws: MediaURL.Refusal.self) { try MediaURL(text, allowed: ["127.1", "a.0x7f", "2130706433"]) }
    }

    @Test("ports other than 443, and no TLS, are for hosts that the operator names")
    func allowed() throws {
        #expect(throws: MediaURL.Refusal.port) { try MediaURL("https://example.com:8443/", allowed: []) }
        #expect(throws: MediaURL.Refusal.port) { try MediaURL("https://example.com:8443/", allowed: ["example.com"]) }
        let named = try MediaURL("https://example.com:8443/", allowed: ["example.com:8443"])
        #expect(named.isAllowed(by: ["example.com:8443"]) && !named.isAllowed(by: ["example.com"]))
        #expect(try MediaURL("http://example.com/", allowed: ["example.com"]).port == 80)
        #expect(throws: MediaURL.Refusal.scheme) { try MediaURL("http://example.com:81/", allowed: ["example.com"]) }
        #expect(throws: MediaURL.Refusal.scheme) { try MediaURL("http://b.example.com/", allowed: ["example.com"]) }
        #expect(try MediaURL("http://[::1]:8080/", allowed: ["[::1]:8080"]).host == "::1")
    }
}

@Suite("Addresses of the internet") struct AddressRulesTests {
    private func isAllowed(_ ip: String, own: Set<[UInt8]> = []) throws -> Bool {
        AddressRules.isAllowed(try SocketAddress(ipAddress: ip, port: 443), own: own)
    }

    @Test(
        "public ones are allowed",
        arguments: [
            "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "169.253.1.1",
            "223.255.255.1",
            "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1",
        ]
    )
    func allowed(_ ip: String) throws { #expect(try isAllowed(ip)) }

    @Test(
        "all others are refused, also inside another form",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
            "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
            "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
            "2002:7f00:1::1", "2002:a00:1::", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
            "2001::1", "::127.0.0.1", "100::1", "3fff::1", "4000::1",
        ]
    )
    func refused(_ ip: String) throws { #expect(try !isAllowed(ip)) }

    @Test("this machine's own are refused, whatever they are")
    func own() throws {
        #expect(try !isAllowed("1.1.1.1", own: [[1, 1, 1, 1]]))
        #expect(try !isAllowed("::ffff:1.1.1.1", own: [[1, 1, 1, 1]]))
        #expect(AddressRules.own().contains([127, 0, 0, 1]))
    }
}

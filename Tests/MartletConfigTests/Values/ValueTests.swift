import MartletCore
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Exact prices") struct ExactPriceTests {
    @Test(
        "dollars per million become pico-dollars a token without rounding",
        arguments: [
            ("0", Int64(0)), ("3", 3_000_000), ("3.0", 3_000_000), ("0.15", 150_000), ("0.003625", 3_625),
            ("0.000001", 1), ("0.083333", 83_333), ("1e-06", 1), ("1e3", 1_000_000_000), ("1.5e-3", 1_500),
            ("0.1000000000", 100_000), ("999999.999999", 999_999_999_999), ("0e5", 0),
        ]
    )
    func exact(text: String, pico: Int64) {
        #expect(ExactPrice.picoUSD(dollarsPerMillion: text)?.picoUSD == pico)
    }

    @Test(
        "what is not exact, not a number or too large is refused",
        arguments: [
            "", ".", "-1", "+1", "0.0000001", "1e-7", "nan", "inf", "1.2.3", "1e", "1e999", "9999999999999999999",
            "0x1",
        ]
    )
    func refused(text: String) {
        #expect(ExactPrice.picoUSD(dollarsPerMillion: text) == nil)
    }

    @Test("a decimal of a file means what was written, for every price of up to six decimals tried")
    func decimals() throws {
        for micro in stride(from: Int64(1), to: 40_000_000, by: 7_919) {
            let (whole, part) = micro.quotientAndRemainder(dividingBy: 1_000_000)
            let digits = String(part)
            let text = "\(whole)." + String(repeating: "0", count: 6 - digits.count) + digits
            let number = try #require(Double(text))
            let node = ConfigNode(value: .decimal(number), origin: .default)
            #expect(ExactPrice.picoUSD(node)?.picoUSD == micro)
        }
    }
}

@Suite("Base URLs") struct BaseURLTests {
    @Test(
        "scheme, host, port and path are taken apart",
        arguments: [
            ("https://api.example.com/v1", Endpoint(tls: true, host: "api.example.com", port: 443, basePath: "/v1")),
            ("http://127.0.0.1:8080", Endpoint(tls: false, host: "127.0.0.1", port: 8_080, basePath: "")),
            ("HTTP://Host:80/a/b//", Endpoint(tls: false, host: "host", port: 80, basePath: "/a/b")),
            ("https://[::1]:8443/v1/", Endpoint(tls: true, host: "::1", port: 8_443, basePath: "/v1")),
        ]
    )
    func parses(text: String, endpoint: Endpoint) throws {
        #expect(try BaseURL.parse(text) == endpoint)
    }

    @Test(
        "anything two readers could read differently is refused",
        arguments: [
            "", "api.example.com", "ftp://a", "https://", "https:///v1", "https://u:p@h/", "https://h@evil/",
            "https://h/?q",
            "https://h/#f", "https://h\\@evil", "https://h/a/../b", "https://h/a//b", "https://h/%2e%2e",
            "https://h:0/",
            "https://h:65536", "https://h:+80", "https://h:80:90", "https://[::1", "https://[::1]x", "https://[h]",
            "https://hé", "https://h /", "https://-h", "https://.h", "https://h\r\nX: 1",
        ]
    )
    func refuses(text: String) {
        #expect(throws: BaseURL.Refusal.self) { try BaseURL.parse(text) }
    }

    @Test("the operation's path is refused with the URL that was meant")
    func operation() {
        #expect(
            throws: BaseURL.Refusal(
                "a base URL ends before /chat/completions, which the gateway adds",
                suggestion: "https://h/v1"
            )
        ) { try BaseURL.parse("https://h/v1/chat/completions/") }
    }

    @Test(
        "only this machine is loopback",
        arguments: [
            ("localhost", true), ("::1", true), ("127.0.0.1", true), ("127.255.0.9", true),
            ("127.0.0.1.example.com", false),
            ("127.example.com", false), ("127.1", false), ("127.0.0.256", false), ("127.0.0.0001", false),
            ("10.0.0.1", false),
            ("localhost.example.com", false), ("0.0.0.0", false), ("127.0.0.", false), ("128.0.0.1", false),
        ]
    )
    func loopback(host: String, expected: Bool) {
        #expect(BaseURL.isLoopback(host) == expected)
    }
}

@Suite("Bind addresses") struct BindAddressTests {
    @Test(
        "host and port are taken apart",
        arguments: [
            ("127.0.0.1:8004", "127.0.0.1", 8_004), ("[::1]:0", "::1", 0), ("my-host:65535", "my-host", 65_535),
        ]
    )
    func parses(text: String, host: String, port: Int) {
        #expect(BindAddress.parse(text) == BindAddress(host: host, port: port))
    }

    @Test(
        "anything else is refused",
        arguments: ["", "8004", ":8004", "h:", "h:65536", "h:-1", "::1:80", "[h]:1", "a b:1"]
    )
    func refuses(text: String) {
        #expect(BindAddress.parse(text) == nil)
    }
}

@Suite("Operator headers") struct HeaderRulesTests {
    @Test(
        "fields that frame a message or leave the line are refused",
        arguments: [
            ("host", "x"), ("connection", "close"), ("transfer-encoding", "chunked"), ("content-length", "1"),
            ("proxy-authorization", "x"), ("te", "trailers"), ("", "x"), ("a b", "x"), ("a:", "x"), ("x", "a\r\nb: c"),
            ("x", "\u{0}"), ("x", " a"), ("x", "a\t"), ("é", "x"),
        ]
    )
    func refuses(name: String, value: String) {
        #expect(HeaderRules.refusal(name: name, value: value) != nil)
    }

    @Test("plain fields are fine", arguments: [("x-team", "search"), ("http-referer", "https://a/"), ("x", "")])
    func accepts(name: String, value: String) {
        #expect(HeaderRules.refusal(name: name, value: value) == nil)
    }
}

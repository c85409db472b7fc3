import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Proxy settings")
struct ProxyReaderTests {
    private func endpoint(_ host: String, _ port: Int = 443, tls: Bool = true) -> Endpoint {
        Endpoint(tls: tls, host: host, port: port, basePath: "/v1")
    }

    @Test(
        "a proxy's URL is host and port, with or without a scheme",
        arguments: [
            ("http://proxy.example:3128", "proxy.example", 3_128), ("proxy.example:3128/", "proxy.example", 3_128),
            ("HTTP://proxy.example", "proxy.example", 80), ("http://[::1]:8080", "::1", 8_080),
        ]
    )
    func parsed(text: String, host: String, port: Int) throws {
        #expect(try ProxyReader.parse(text) == Proxy(host: host, port: port))
    }

    @Test(
        "credentials become a Basic value (RFC 7617)",
        arguments: [
            ("Aladdin:open%20sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ("a:b", "Basic YTpi"),
            ("user", "Basic dXNlcjo="), ("u@x:p", "Basic dUB4OnA="),
        ]
    )
    func credentials(text: String, value: String) throws {
        #expect(try ProxyReader.parse("http://\(text)@proxy:1").authorization == value)
    }

    @Test(
        "what is no such URL is refused without repeating it",
        arguments: [
            "https://proxy:1", "socks5://proxy:1", "http://secret%zz@proxy:1", "http://proxy:1/path", "http://",
            "http://secret:secret@:0", "a b",
        ]
    )
    func refused(text: String) {
        #expect { try ProxyReader.parse(text) } throws: { error in
            (error as? ProxyReader.Refusal)?.message.contains("secret") == false
        }
    }

    @Test(
        "NO_PROXY names hosts, what is below them, and ports",
        arguments: [
            ("*", true), ("example.com", true), (".example.com", true), ("*.example.com", true), ("EXAMPLE.com", true),
            ("other, api.example.com", true), ("api.example.com:443", true), ("api.example.com:80", false),
            ("xample.com", false), ("notexample.com", false), ("", false), ("com:443", true), (".", false),
        ]
    )
    func exceptions(list: String, isExcepted: Bool) {
        #expect(ProxyReader.isExcepted(endpoint("api.example.com"), list) == isExcepted)
    }

    @Test("each scheme has its variable, lower case first; exceptions are for the environment's only")
    func environment() throws {
        let reader = ProxyReader(environment: [
            "HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2", "HTTP_PROXY": "http://plain:3",
            "NO_PROXY": "direct.example",
        ])
        #expect(try reader.proxy(for: endpoint("a.example"), own: nil)?.proxy.host == "lower")
        #expect(try reader.proxy(for: endpoint("a.example", 80, tls: false), own: nil)?.proxy.host == "plain")
        #expect(try reader.proxy(for: endpoint("direct.example"), own: nil) == nil)
        #expect(try reader.proxy(for: endpoint("direct.example"), own: "own:4")?.proxy.host == "own")
        #expect(try reader.proxy(for: endpoint("a.example"), own: "") == nil)
        for host in ["localhost", "127.0.0.1", "127.3.2.1", "::1"] {
            #expect(try reader.proxy(for: endpoint(host), own: "own:4") == nil)
        }
    }
}

import Testing

@testable import MartletCommand

@Suite struct GatewayURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:8004", "http://127.0.0.1:8004/v1/models", "http://127.0.0.1:8004/status"),
        ("http://127.0.0.1:8004/", "http://127.0.0.1:8004/v1/models", "http://127.0.0.1:8004/status"),
        ("http://h/v1", "http://h/v1/models", "http://h/status"),
        ("http://h/v1/", "http://h/v1/models", "http://h/status"),
        ("https://h/ai/v1", "https://h/ai/v1/models", "https://h/status"),
        ("HTTPS://h/gate", "https://h/gate/v1/models", "https://h/gate/status"),
        ("http://h/gate/ai/v1", "http://h/gate/ai/v1/models", "http://h/gate/status"),
        ("http://[::1]:8004", "http://[::1]:8004/v1/models", "http://[::1]:8004/status"),
    ])
    func `an address names the API and the status page`(text: String, models: String, status: String) throws {
        let url = try #require(GatewayURL(text))
        #expect(url.endpoint("/models") == models)
        #expect(url.status == status)
    }

    @Test(arguments: [
        "", "localhost:8004", "ftp://h", "http://", "http:///v1", "http://user:secret@h", "http://h?key=1",
        "http://h#x",
        "http://h:99999", "http://h:", "http://:80", "http://a:b:1", "http://[]", "http://h/a b", "http://h\u{0}",
    ])
    func `what is no plain address is refused`(text: String) {
        #expect(GatewayURL(text) == nil)
    }
}

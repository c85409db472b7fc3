import MartletCore
import Testing

@Suite("Loopback") struct LoopbackTests {
    @Test(
        "knows names and addresses of this machine",
        arguments: ["localhost", "::1", "127.0.0.1", "127.255.255.255", "127.1.2.3"]
    )
    func yes(host: String) { #expect(Loopback.isHost(host)) }

    @Test(
        "takes nothing else for one",
        arguments: [
            "", "127", "127.1", "127.0.0", "127.0.0.1.", "127.0.0.1.evil.com", "127.0.0.256", "127.0.0.-1", "127.0..1",
            "128.0.0.1", "0127.0.0.1", "1270.0.1", "0.0.0.0", "::", "::2", "[::1]", "localhost.", "localhost.evil.com",
            "xlocalhost", "127.0.0.1:80", "127.0.0.0x1", "127.0.0.١", "10.0.0.1", "2130706433",
        ]
    )
    func no(host: String) { #expect(!Loopback.isHost(host)) }
}

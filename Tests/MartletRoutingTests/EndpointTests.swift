import MartletRouting
import Testing

@Suite("Endpoint") struct EndpointTests {
    @Test(
        "writes the Host field with a port only where it is not the scheme's own",
        arguments: [
            (true, "api.example.com", 443, "api.example.com"), (true, "api.example.com", 8443, "api.example.com:8443"),
            (false, "localhost", 80, "localhost"), (false, "localhost", 443, "localhost:443"),
            (false, "::1", 8080, "[::1]:8080"),
        ]
    )
    func authority(tls: Bool, host: String, port: Int, authority: String) {
        #expect(Endpoint(tls: tls, host: host, port: port, basePath: "").authority == authority)
    }
}

import MartletCore
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("CORS") struct CORSTests {
    private static func setup(_ origins: [String]) -> Setup {
        var setup = Setup()
        setup.server.corsOrigins = origins
        return setup
    }

    private static func preflight(_ origin: String) -> ClientHead {
        let head = ClientHead(method: .options, path: "/v1/chat/completions")
        head.host = "localhost"
        head.origin = origin
        head.requestedHeaders = "Authorization, x-stainless-os,anthropic-beta, X-Evil, bad header"
        return head
    }

    @Test("a preflight of a configured origin is answered without a key, with the headers that the APIs know")
    func preflight() {
        let driver = Driver(Self.setup(["https://a.example"]), head: Self.preflight("https://a.example")).begin()
        #expect(driver.response?.status == 204)
        #expect(driver.field("access-control-allow-origin") == "https://a.example")
        #expect(driver.field("vary") == "origin")
        #expect(driver.field("access-control-allow-headers") == "authorization, x-stainless-os, anthropic-beta")
        #expect(driver.field("access-control-allow-methods")?.contains("POST") == true)
    }

    @Test("another origin, and any where none is configured, gets no permission")
    func others() {
        for origins in [["https://a.example"], []] {
            let driver = Driver(Self.setup(origins), head: Self.preflight("https://b.example")).begin()
            #expect(driver.response?.status == 204)
            #expect(driver.field("access-control-allow-origin") == nil)
            #expect(driver.field("access-control-allow-headers") == nil)
        }
    }

    @Test("answers and errors may be read by a page, and say which of their fields")
    func answers() {
        let head = ClientHead.chat { $0.origin = "https://a.example" }
        let driver = Driver(Self.setup(["*"]), head: head).send("{}")
        #expect(driver.response?.status == 400)
        #expect(driver.field("access-control-allow-origin") == "*")
        #expect(driver.field("access-control-expose-headers")?.contains("x-gateway-dropped") == true)
    }
}

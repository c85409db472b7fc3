import MartletCore
import MartletExchange
import NIOCore
import Testing

@Suite("Error bodies") struct ErrorBodyTests {
    private static let error = GatewayError(.overloaded, "Busy \"now\".", param: "model")

    @Test(
        "have the shape of their surface",
        arguments: [
            (
                Surface.openAI, 503,
                "{\"error\":{\"message\":\"Busy \\\"now\\\".\",\"type\":\"server_error\",\"param\":\"model\",\"code\":\"overloaded\"}}"
            ),
            (
                .anthropic, 529,
                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy \\\"now\\\".\"},\"request_id\":\"r-1\"}"
            ),
            (.native, 503, "{\"error\":\"Busy \\\"now\\\".\",\"code\":\"overloaded\"}"),
            (.ollama, 503, "{\"error\":\"Busy \\\"now\\\".\"}"),
        ]
    )
    func shapes(surface: Surface, status: Int, text: String) {
        let rendered = ErrorBody.render(Self.error, surface: surface, requestID: "r-1")
        #expect(rendered.status == status)
        #expect(String(buffer: rendered.body) == text)
    }

    @Test("say null where no field is at fault")
    func noParam() {
        let rendered = ErrorBody.render(GatewayError(.notFound, "x"), surface: .openAI, requestID: "r")
        #expect(String(buffer: rendered.body).contains("\"param\":null"))
    }
}

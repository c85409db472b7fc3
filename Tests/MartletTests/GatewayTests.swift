import Logging
import Martlet
import MartletTesting
import ServiceLifecycle
import Testing

/// What runs whole gateways in this process, one at a time.
@Suite("Embedded", .serialized, .timeLimit(.minutes(2)))
enum EmbeddedGateway {}

extension EmbeddedGateway {
    @Suite("Gateway") struct GatewayTests {
        @Test("a gateway of a document serves, and ends in order when its task is cancelled")
        func cancelled() async throws {
            try await Embedded.run(toml: "[server]\ndrain_delay_s = 0\n") { gateway in
                #expect(try await gateway.ask().status == 200)
                let running = try await gateway.begin("us::paced:200", stream: true)
                try await running.received(500)
                gateway.running.cancel()
                let answer = try await running.response()
                #expect(answer.isComplete && answer.text.hasSuffix("data: [DONE]\n\n"))
                try await gateway.running.value
                await #expect(throws: (any Error).self) { try await RawClient.connect(port: gateway.port) }
            }
        }

        @Test("a service group ends it in order")
        func serviceGroup() async throws {
            try await Embedded.run { gateway in
                gateway.configuration.environment?["GATEWAY_API_KEY"] = Embedded.key
            } _: { first in
                // Another one beside it, of which the group knows.
                var second = Gateway(GatewayConfiguration(document: ""))
                second.configuration.environment = ["MARTLET_DATA_DIR": "/tmp/martlet-group-\(first.port)"]
                second.configuration.bind = "127.0.0.1:0"
                second.configuration.handlesSignals = false
                let lines = Lines()
                let (heard, hear) = AsyncStream.makeStream(of: Void.self)
                second.configuration.log = { line in
                    lines.add(line)
                    if line.contains("listening on") { hear.yield() }
                }
                let group = ServiceGroup(
                    configuration: .init(services: [.init(service: second)], logger: .init(label: "test"))
                )
                let running = Task { try await group.run() }
                var iterator = heard.makeAsyncIterator()
                await iterator.next()
                await group.triggerGracefulShutdown()
                try await running.value
            }
        }

        @Test("a configuration that is wrong is refused with what was found")
        func refused() async throws {
            var gateway = Gateway(GatewayConfiguration(document: "[server]\nbnd = \"x\"\n"))
            gateway.configuration.environment = [:]
            gateway.configuration.log = { _ in }
            let error = await #expect(throws: GatewayStartError.self) { try await gateway.run() }
            #expect(error?.kind == .configuration && error?.description.contains("<document>:2:1") == true)
            gateway.configuration.document = "[server]\nbind = \"127.0.0.1:0\"\n"
            gateway.configuration.dataDirectory = "/dev/null/nowhere"
            let failure = await #expect(throws: GatewayStartError.self) { try await gateway.run() }
            #expect(failure?.kind == .start && failure?.findings.isEmpty == false)
        }
    }
}

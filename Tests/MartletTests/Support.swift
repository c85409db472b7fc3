import Foundation
import Martlet
import MartletTesting
import Synchronization
import Testing

/// A gateway of the library, in this process, in front of a scripted upstream.
struct Embedded {
    static let key = "embedded-key-0123456789abcdef"
    static let adminKey = "embedded-admin-0123456789abcdef"

    let port: Int
    let upstream: ScriptedUpstream
    /// The task that runs it.
    let running: Task<Void, any Error>

    /// Runs a gateway while `body` runs, and waits for its end.
    ///
    /// - Parameters:
    ///   - toml: Further configuration.
    ///   - change: Adds extensions.
    static func run(
        toml: String = "",
        log: Lines = Lines(),
        _ change: (inout Gateway) -> Void = { _ in },
        _ body: (Embedded) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start()
        let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-embedded-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        var gateway = Gateway(GatewayConfiguration(document: document(upstream.baseURL) + toml))
        gateway.configuration.environment = ["GATEWAY_API_KEY": key, "ADMIN_KEY": adminKey]
        gateway.configuration.bind = "127.0.0.1:0"
        gateway.configuration.dataDirectory = directory.path
        gateway.configuration.handlesSignals = false
        gateway.configuration.log = { log.add($0) }
        change(&gateway)
        let (addresses, listening) = AsyncStream.makeStream(of: String.self)
        let running = Task { [gateway] in
            defer { listening.finish() }
            try await gateway.run { listening.yield($0) }
        }
        let outcome: Result<Void, any Error>
        do {
            var iterator = addresses.makeAsyncIterator()
            let address = try #require(await iterator.next(), "\(log.all)")
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            outcome = .success(try await body(Embedded(port: port, upstream: upstream, running: running)))
        } catch { outcome = .failure(error) }
        running.cancel()
        let end = await running.result
        await upstream.stop()
        try outcome.get()
        try end.get()
    }

    private static func document(_ baseURL: String) -> String {
        """
        [gateway.providers.us]
        type = "openai_compatible"
        base_url = "\(baseURL)"
        region = "us-east-1"
        [gateway.providers.eu]
        type = "openai_compatible"
        base_url = "\(baseURL)"
        region = "eu-west-1"
        [models.ok]
        routing = ["us", "eu"]
        input_price_per_mtok = 1.0
        output_price_per_mtok = 2.0
        [models.ok.providers.us]
        model_name = "ok"
        [models.ok.providers.eu]
        model_name = "ok"

        """
    }

    /// Asks a question on a connection of its own.
    func ask(_ model: String = "ok", stream: Bool = false) async throws -> RawResponse {
        let client = try await begin(model, stream: stream)
        let response: Result<RawResponse, any Error>
        do { response = .success(try await client.response()) } catch { response = .failure(error) }
        await client.close()
        return try response.get()
    }

    /// Asks a question and does not wait for the answer.
    func begin(_ model: String, stream: Bool) async throws -> RawClient {
        let body = ChatFixtures.request(model: model, stream: stream)
        let client = try await RawClient.connect(port: port)
        try await client.send(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer \(Self.key)\r\n"
                + "content-type: application/json\r\ncontent-length: \(body.count)\r\n\r\n"
        )
        try await client.send(body)
        return client
    }

    /// Reads a page.
    func get(_ path: String, key: String = Self.key) async throws -> RawResponse {
        let client = try await RawClient.connect(port: port)
        try await client.send("GET \(path) HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer \(key)\r\n\r\n")
        let response = try await client.response()
        await client.close()
        return response
    }

    /// Reads a metric without labels.
    func metric(_ name: String) async throws -> String? {
        let page = try await get("/metrics").text
        return page.split(separator: "\n").first { $0.hasPrefix(name + " ") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }
}

/// Lines that were logged.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: String { lines.withLock { $0.joined() } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A quota that says what a test wants.
struct ScriptedQuota: QuotaExtension {
    var deadline = Duration.seconds(10)
    var failureMode = FailureMode.closed
    var decision: @Sendable (GatewayRequest) async throws -> QuotaDecision

    func decide(_ request: GatewayRequest) async throws -> QuotaDecision { try await decision(request) }
}

/// A policy that says what a test wants.
struct ScriptedPolicy: TargetPolicy {
    var decision: @Sendable (GatewayRequest, [TargetOption]) -> TargetDecision

    func targets(for request: GatewayRequest, among options: [TargetOption]) -> TargetDecision {
        decision(request, options)
    }
}

/// An observer that keeps what it is told, and takes each only when a gate lets it.
final class Watcher: SettlementObserver {
    let queueCapacity: Int
    private let gate: AsyncStream<Void>?
    private let told = Mutex<[Settlement]>([])
    private let news = AsyncStream.makeStream(of: Settlement.self)

    /// - Parameter gate: One element for each settlement that may be taken; `nil` lets all through.
    init(queueCapacity: Int = 100, gate: AsyncStream<Void>? = nil) {
        self.queueCapacity = queueCapacity
        self.gate = gate
    }

    var all: [Settlement] { told.withLock { $0 } }

    func settled(_ settlement: Settlement) async {
        if let gate {
            var iterator = gate.makeAsyncIterator()
            _ = await iterator.next()
        }
        told.withLock { $0.append(settlement) }
        news.continuation.yield(settlement)
    }

    /// Waits for the next one.
    func next() async throws -> Settlement {
        var iterator = news.stream.makeAsyncIterator()
        return try #require(await iterator.next())
    }
}

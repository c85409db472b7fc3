import Foundation
import MartletConfig
import MartletProviders
import MartletTesting
import NIOCore
import Testing

@testable import MartletServer

/// The suites that run the real server against a scripted upstream, one test at a time.
@Suite("Live", .serialized, .timeLimit(.minutes(2)))
enum Live {}

/// A gateway that listens on a free loopback port, with an empty data directory of its own.
struct LiveGateway: Sendable {
    /// The static key of inference.
    static let key = "live-key-0123456789abcdef"
    /// The key of `/admin`.
    static let adminKey = "live-admin-0123456789abcdef"

    let state: GatewayState
    let listener: any Channel
    let port: Int
    let dataDirectory: String
    /// A PEM file of the root that clients trust; `nil` connects in clear.
    var roots: String?

    /// The configuration was refused.
    struct Refused: Error {
        let findings: [String]
    }

    /// Runs a gateway for as long as `body` runs.
    ///
    /// - Parameters:
    ///   - toml: Its configuration; retries on one target wait a millisecond unless it says otherwise.
    ///   - transport: How its clients reach it.
    ///   - catalog: The provider types.
    static func run<Result>(
        _ toml: String,
        over transport: Transport = .clear,
        environment: [String: String] = [:],
        dataDirectory: String? = nil,
        catalog: ProviderCatalog = .builtIn,
        _ body: (LiveGateway) async throws -> Result
    ) async throws -> Result {
        let text = try toml + transport.listener
        let roots = try transport.roots
        return try await run(
            reading: { text },
            environment: environment,
            dataDirectory: dataDirectory,
            catalog: catalog
        ) { gateway in
            var gateway = gateway
            gateway.roots = roots
            return try await body(gateway)
        }
    }

    /// Runs a gateway for as long as `body` runs, whose file may change for reloads.
    ///
    /// - Parameters:
    ///   - text: What the file holds when it is read.
    ///   - dataDirectory: Whose directory to share; by default it gets one of its own.
    ///   - log: Told what reloads came to.
    static func run<Result>(
        reading text: @escaping @Sendable () -> String,
        environment: [String: String] = [:],
        dataDirectory: String? = nil,
        catalog: ProviderCatalog = .builtIn,
        log: @escaping @Sendable (String) -> Void = { _ in },
        _ body: (LiveGateway) async throws -> Result
    ) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-live-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        var flags = FlagOverrides()
        flags.bind = "127.0.0.1:0"
        flags.dataDirectory = dataDirectory ?? directory.path
        let variables = ["GATEWAY_API_KEY": key, "ADMIN_KEY": adminKey].merging(environment) { $1 }
        let files = FileAccess(read: { path in
            path == "/live/martlet.toml" ? Array(text().utf8) : FileAccess.system.read(path)
        })
        let load: @Sendable () -> LoadedConfig = { [flags] in
            ConfigLoader.load(files: ["/live/martlet.toml"], flags: flags, environment: variables, files: files)
        }
        let config = load()
        let built = SnapshotBuilder.build(config, catalog: catalog)
        guard let snapshot = built.snapshot else { throw Refused(findings: built.diagnostics.map(\.description)) }
        let state = try GatewayState(config: config, snapshot: snapshot, load: load, log: log)
        let channel = try await state.listen()
        let gateway = LiveGateway(
            state: state,
            listener: channel,
            port: try #require(channel.localAddress?.port),
            dataDirectory: dataDirectory ?? directory.path
        )
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(gateway)) } catch { outcome = .failure(error) }
        await state.stop()
        return try outcome.get()
    }

    /// Runs a gateway with one account `up` at a scripted upstream.
    ///
    /// - Parameters:
    ///   - account: Further lines of the account's table.
    ///   - toml: Further lines of `[reliability]`, and further tables.
    ///   - transport: How its clients reach it.
    ///   - environment: Further variables.
    static func run<Result>(
        account: String = "",
        toml: String = "",
        over transport: Transport = .clear,
        environment: [String: String] = [:],
        _ body: (LiveGateway, ScriptedUpstream) async throws -> Result
    ) async throws -> Result {
        let upstream = try await ScriptedUpstream.start()
        let text = """
            [reliability]
            retry = { base_delay_s = 0.001 }
            \(toml)
            [gateway.providers.up]
            type = "openai_compatible"
            base_url = "\(upstream.baseURL)"
            \(account)
            """
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(
                try await run(text, over: transport, environment: environment) { try await body($0, upstream) }
            )
        } catch { outcome = .failure(error) }
        await upstream.stop()
        return try outcome.get()
    }

    /// Opens a connection.
    func connect(reads: Bool = true, receiveBuffer: Int? = nil) async throws -> RawClient {
        try await RawClient.connect(port: port, reads: reads, receiveBuffer: receiveBuffer, roots: roots)
    }

    /// Sends one chat request on a connection of its own and returns the answer.
    func chat(
        _ model: String,
        stream: Bool = false,
        usage: Bool = false,
        fields: [String] = []
    ) async throws -> RawResponse {
        let body = ChatFixtures.request(model: model, stream: stream, usage: usage)
        return try await exchange(LiveRequest.chat(body, fields: fields))
    }

    /// Sends bytes on a connection of their own and returns the first response.
    func exchange(_ bytes: [UInt8], isHead: Bool = false) async throws -> RawResponse {
        let client = try await connect()
        try await client.send(bytes)
        let response: Result<RawResponse, any Error>
        do { response = .success(try await client.response(isHead: isHead)) } catch { response = .failure(error) }
        await client.close()
        return try response.get()
    }
}

/// Requests as bytes.
enum LiveRequest {
    /// A chat request with a key and a length.
    static func chat(_ body: [UInt8], path: String = "/v1/chat/completions", fields: [String] = []) -> [UInt8] {
        head("POST \(path)", fields: ["content-length: \(body.count)"] + fields) + body
    }

    /// A request head with a host, a key and a JSON content type.
    static func head(_ line: String, key: String = LiveGateway.key, fields: [String] = []) -> [UInt8] {
        let lines = [
            "\(line) HTTP/1.1", "host: 127.0.0.1", "authorization: Bearer \(key)", "content-type: application/json",
        ]
        return Array(((lines + fields).map { $0 + "\r\n" }.joined() + "\r\n").utf8)
    }
}

extension RawResponse {
    /// The body as a JSON object.
    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:] }

    /// The `error` member of an OpenAI-shaped error body.
    var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }

    /// `error.code`.
    var errorCode: String? { error["code"] as? String }

    /// The fields that every answer has.
    func expectCommonFields(sourceLocation: SourceLocation = #_sourceLocation) {
        let id = self["x-request-id"]
        #expect(id?.isEmpty == false && id == self["request-id"], sourceLocation: sourceLocation)
        #expect(self["x-gateway"] == "martlet", sourceLocation: sourceLocation)
        #expect(self["date"]?.hasSuffix(" GMT") == true, sourceLocation: sourceLocation)
        for name in ["server", "set-cookie", "openai-organization", "x-ratelimit-remaining-requests"] {
            #expect(!fields.contains { $0.name.lowercased() == name }, "\(name) leaked", sourceLocation: sourceLocation)
        }
        #expect(id != "upstream-id", sourceLocation: sourceLocation)
    }
}

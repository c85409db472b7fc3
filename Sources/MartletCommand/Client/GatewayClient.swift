import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#endif

/// Calls a running gateway.
struct GatewayClient {
    /// Where it is.
    var url: GatewayURL
    /// The key to present; `nil` presents none.
    var key: ClientKey?
    /// A PEM file of the roots that its certificate may come from; `nil` means the system's.
    var caFile: String?

    /// The largest answer that is held in memory: 64 MiB.
    private static let bodyLimit = 64 << 20

    /// Asks for a page.
    ///
    /// - Parameter seconds: How long the whole answer may take.
    /// - Throws: `CommandFailure` when there is no answer.
    func get(_ url: String, within seconds: Int64 = 30) async throws -> GatewayReply {
        try await withResponse(request(.GET, url), deadline: .now() + .seconds(seconds)) { response in
            try await reply(response)
        }
    }

    /// Posts JSON and waits as long as the gateway does.
    ///
    /// - Throws: `CommandFailure` when there is no answer.
    func post(_ url: String, json: [UInt8]) async throws -> GatewayReply {
        try await withResponse(post(url, json)) { response in try await reply(response) }
    }

    /// Posts JSON and hands over the answer's bytes as they come.
    ///
    /// - Parameter onBytes: Receives the bytes of one read.
    /// - Throws: `CommandFailure` when there is no answer, or for an error answer; what the closure throws.
    func stream(_ url: String, json: [UInt8], onBytes: ([UInt8]) throws -> Void) async throws -> GatewayFacts {
        try await withResponse(post(url, json)) { response in
            if !(200..<300).contains(Int(response.status.code)), let failure = try await reply(response).failure {
                throw failure
            }
            let type = response.headers.first(name: "content-type") ?? ""
            guard type.lowercased().hasPrefix("text/event-stream") else {
                throw CommandFailure(.failed, "the answer is no event stream")
            }
            for try await buffer in response.body {
                try onBytes(Array(buffer.readableBytesView))
            }
            return response.facts
        }
    }

    private func request(_ method: HTTPMethod, _ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "user-agent", value: "martlet-cli")
        if let key { request.headers.add(name: "authorization", value: key.authorization) }
        return request
    }

    private func post(_ url: String, _ json: [UInt8]) -> HTTPClientRequest {
        var request = request(.POST, url)
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(json)
        return request
    }

    private func reply(_ response: HTTPClientResponse) async throws -> GatewayReply {
        let body = try await response.body.collect(upTo: Self.bodyLimit)
        return GatewayReply(
            status: Int(response.status.code),
            facts: response.facts,
            body: Array(body.readableBytesView)
        )
    }

    /// Sends a request; redirects are not followed, since the key is for this gateway alone.
    private func withResponse<Result>(
        _ request: HTTPClientRequest,
        deadline: NIODeadline = .distantFuture,
        _ body: (HTTPClientResponse) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        // Without this a refused connection is tried again until the time for connecting is over.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tlsConfiguration = try tls()
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response: HTTPClientResponse
            do {
                response = try await client.execute(request, deadline: deadline)
            } catch {
                throw CommandFailure(
                    .gatewayUnreachable,
                    "no answer from a gateway at \(url): \(Self.reason(error))",
                    hint: "start one with `martlet serve`, or name it by --url or MARTLET_BASE_URL"
                )
            }
            do {
                return try await body(response)
            } catch let error as CommandFailure {
                throw error
            } catch let error as OutputClosed {
                throw error
            } catch is NIOTooManyBytesError {
                throw CommandFailure(.failed, "the answer has more than \(Self.bodyLimit >> 20) MiB")
            } catch {
                throw CommandFailure(.gatewayUnreachable, "the answer was cut off: \(Self.reason(error))")
            }
        }
    }

    private func tls() throws(CommandFailure) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        guard let caFile else { return tls }
        let roots: [NIOSSLCertificate]
        do { roots = try NIOSSLCertificate.fromPEMFile(caFile) } catch { roots = [] }
        guard !roots.isEmpty else {
            throw CommandFailure(.usage, "\(caFile) cannot be read as a PEM file of certificates")
        }
        tls.trustRoots = .certificates(roots)
        return tls
    }

    /// Says why in words that hold no value of the request.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout: "the connection was not made in time"
        case let error as HTTPClientError where error == .deadlineExceeded: "it took too long"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "the connection was closed"
        case is HTTPClientError: "the connection failed, or what came is no HTTP"
        case let error as IOError where error.errnoCode == ECONNREFUSED: "nothing listens there"
        case let error as IOError where error.errnoCode == ECONNRESET: "the connection was closed"
        case let error as NIOConnectionError where error.connectionErrors.isEmpty: "the name is not known"
        case is NIOConnectionError: "nothing listens there"
        case is NIOSSLExtraError: "its certificate is for another name"
        case is NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"),
            is BoringSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
            "its certificate is not trusted; --ca-file or MARTLET_CA_FILE names its root"
        case is NIOSSLError, is BoringSSLError: "it does not speak TLS with us"
        default: "the connection failed"
        }
    }
}

extension HTTPClientResponse {
    /// What the fields say.
    var facts: GatewayFacts { GatewayFacts { headers.first(name: $0) } }
}

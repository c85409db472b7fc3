import AsyncHTTPClient
import MartletCore
import MartletDialects
import MartletProviders
import MartletRouting
import MartletWire
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks one account's endpoint for its models, with the account's own credential.
struct AccountCheck {
    /// What was found.
    struct Report {
        var check: DoctorCheck
        /// Seconds that the other side's clock is ahead; `nil` when unknown, or on this machine.
        var skew: Int64?
    }

    /// An answer of the endpoint.
    private struct Reply {
        var status: Int
        var models: Int?
        var date: Int64?
        /// The status, with the endpoint's own words where it refuses.
        var words: String
    }

    let target: Target
    /// Seconds since 1970.
    let now: @Sendable () -> Int64
    /// Gets credentials that must be fetched.
    var fetcher: CredentialFetcher
    /// How long a connection with its TLS may take to be made.
    var connectTimeout = Duration.seconds(5)

    private static let maxBodyBytes = 8 << 20
    private static let credentialFields: Set = ["authorization", "x-api-key", "api-key", "x-goog-api-key"]

    private var name: String { "account \(target.account)" }

    /// Asks; takes at most some twenty seconds.
    func report() async -> Report {
        guard let authorization = target.authorization else { return await report(by: nil) }
        guard let source = authorization.source else {
            let key = authorization.caller?.key ?? ""
            let text = "callers bring the credential \(key) (header x-gateway-credential-\(key))"
            return Report(check: DoctorCheck(name, .ok, text), skew: nil)
        }
        let credential = CredentialCheck(target: target, source: source, fetcher: fetcher, now: now)
        switch await credential.found() {
        case .failure(let failure): return Report(check: failure.check, skew: nil)
        case .success(let found): return await report(by: found)
        }
    }

    private func report(by credential: CredentialCheck.Found?) async -> Report {
        do {
            let configuration = try HTTPClient.Configuration(for: target, connect: connectTimeout)
            return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                if let credential {
                    let fields = credential.fields(listPath, to: target, unixSeconds: now())
                    let secrets = credential.credential.value.secrets
                    let reply = try await get(listPath, client, withCredential: true, fields, hiding: secrets)
                    let skew = target.endpoint.isLoopback ? nil : reply.date.map { $0 - now() }
                    return Report(check: credential.judge(reply.status, saying: reply.words, of: target), skew: skew)
                }
                let trial = KeyTrial(of: target)
                let reply = try await ask(client, trial)
                let skew = target.endpoint.isLoopback ? nil : reply.date.map { $0 - now() }
                return Report(check: try await judge(reply, client, trial), skew: skew)
            }
        } catch {
            return Report(check: unreachable(error), skew: nil)
        }
    }

    // MARK: Asking

    /// The list of models; that of an account with deployments stands above them.
    private var listPath: String {
        let path = target.endpoint.basePath
        let base = path.firstRange(of: "/deployments/").map { path[..<$0.lowerBound] } ?? path[...]
        return "\(base)/models\(target.requestSuffix)"
    }

    /// What is asked, and as whom: targets that share it need no second look.
    var subject: String {
        let endpoint = target.endpoint
        let place =
            "\(target.account) \(endpoint.tls) \(endpoint.authority) \(target.id.rawValue.split(separator: "|").last ?? "")"
        return hasModelList && target.authorization == nil ? "\(place) \(listPath)" : place
    }

    /// Asks what tells whether the key is good.
    private func ask(_ client: HTTPClient, _ trial: KeyTrial?) async throws -> Reply {
        guard let trial else { return try await ask(client) }
        let path = target.endpoint.basePath + trial.path
        return try await get(path, client, withCredential: true, posting: trial.body)
    }

    /// Asks for the model list where OpenAI and Anthropic have it, else where Ollama has it.
    private func ask(_ client: HTTPClient, withCredential: Bool = true) async throws -> Reply {
        let reply = try await get(listPath, client, withCredential: withCredential)
        // No cloud's API is Ollama's.
        guard reply.status == 404, target.source != .cloud, hasModelList else { return reply }
        let other = try await get("/api/tags", client, withCredential: withCredential)
        return other.status == 200 ? other : reply
    }

    private func get(
        _ path: String,
        _ client: HTTPClient,
        withCredential: Bool,
        _ more: [HeaderField] = [],
        hiding secrets: [String] = [],
        posting body: String? = nil
    ) async throws -> Reply {
        let endpoint = target.endpoint
        var request = HTTPClientRequest(url: "\(endpoint.tls ? "https" : "http")://\(endpoint.authority)\(path)")
        if let body {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "martlet")
        for field in target.headers where withCredential || !Self.credentialFields.contains(field.name) {
            request.headers.add(name: field.name, value: field.value)
        }
        for field in more { request.headers.replaceOrAdd(name: field.name, value: field.value) }
        // Anthropic's API answers no request without its version.
        if request.headers.contains(name: "x-api-key"), !request.headers.contains(name: "anthropic-version") {
            request.headers.add(name: "anthropic-version", value: "2023-06-01")
        }
        let response = try await client.execute(request, timeout: .seconds(10))
        let body = try? await response.body.collect(upTo: Self.maxBodyBytes)
        let date = response.headers.first(name: "date").flatMap { HTTPDate.seconds(Array($0.utf8), now: now()) }
        let status = Int(response.status.code)
        var words = "\(status)"
        if [400, 401, 403].contains(status), let body {
            let codec = target.dialect.codec(CodecSettings(account: target.account.rawValue, acceptsStreamUsage: false))
            if var said = codec?.decodeFailure(Array(body.readableBytesView)) {
                said.type = said.type ?? response.headers.first(name: "x-amzn-errortype")
                words = RefusalText.line(status: status, said, hiding: target.secrets + secrets)
            }
        }
        return Reply(
            status: status,
            models: body.flatMap { Self.models(Array($0.readableBytesView)) },
            date: date,
            words: words
        )
    }

    private static func models(_ body: [UInt8]) -> Int? {
        guard let document = try? JSONDocument(body) else { return nil }
        return document.withView { view in
            let list = view.member("data") ?? view.member("models")
            return list.flatMap { $0.kind == .array ? $0.elements.reduce(0) { count, _ in count + 1 } : nil }
        }
    }

    // MARK: Judging

    private func judge(_ reply: Reply, _ client: HTTPClient, _ trial: KeyTrial?) async throws -> DoctorCheck {
        let place = target.endpoint.authority
        switch trial?.verdict(reply.status, saying: reply.words) ?? .unknown {
        case .accepted: return DoctorCheck(name, .ok, "\(place) answers, the key is accepted")
        case .limited:
            let hint = "it may be limited to some calls or models; `martlet ai test MODEL` tries one"
            return DoctorCheck(name, .warn, "\(place) does not let this key count tokens (\(reply.words))", hint: hint)
        case .refused:
            let hint = "put a valid key where api_key_location or the provider's variable says; is the region its own?"
            return DoctorCheck(name, .fail, "\(place) refuses the key (\(reply.words))", hint: hint)
        case .unknown: break
        }
        switch reply.status {
        case 200..<300, 400, 404, 405:
            if !hasModelList {
                return DoctorCheck(name, .ok, "\(place) answers; no call there costs nothing, so the key was not tried")
            }
            if reply.status == 400 {
                // Google's answer to a key that it does not know.
                let hint = "is the key a valid one, and base_url where the API begins?"
                return DoctorCheck(name, .fail, "\(place) refuses the request (\(reply.words))", hint: hint)
            }
            guard reply.status < 300 else { return noList(reply.status) }
            guard let models = reply.models else {
                let hint = "base_url must be where the API begins, often with /v1 at its end"
                return DoctorCheck(name, .warn, "\(place) answers, but with no list of models", hint: hint)
            }
            guard target.headers.contains(where: { Self.credentialFields.contains($0.name) }) else {
                return DoctorCheck(name, .ok, "\(place), \(models) models; no key is sent")
            }
            // Some providers show their list to everybody: that says nothing about the key.
            let bare = try await ask(client, withCredential: false)
            let isOpen = (200..<300).contains(bare.status)
            let text = isOpen ? "; the list needs no key, so the key was not tried" : ", the key is accepted"
            return DoctorCheck(name, .ok, "\(place), \(models) models\(text)")
        case 401:
            let hint = "put a valid key where api_key_location or the provider's variable says"
            return DoctorCheck(name, .fail, "\(place) refuses the key (\(reply.words))", hint: hint)
        case 403:
            let hint = "it may be limited to some calls; `martlet ai test MODEL` tries one"
            let text = hasModelList ? "does not let this key list models" : "does not let this key in"
            return DoctorCheck(name, .warn, "\(place) \(text) (\(reply.words))", hint: hint)
        case 429:
            return DoctorCheck(name, .warn, "\(place) limits the rate at the moment (429)", hint: "try again later")
        case 300..<400:
            let hint = "set base_url to where the API itself is"
            return DoctorCheck(name, .fail, "\(place) redirects elsewhere (\(reply.status))", hint: hint)
        default:
            let hint = "look at the provider's status page, or at the engine's own log"
            return DoctorCheck(name, .fail, "\(place) answers \(reply.status)", hint: hint)
        }
    }

    private func noList(_ status: Int) -> DoctorCheck {
        let hint = "base_url must be where the API begins, often with /v1 at its end"
        let text = "\(target.endpoint.authority) answers, but has no list of models (\(status))"
        return DoctorCheck(name, .warn, text, hint: hint)
    }

    /// Whether the provider's host has a list of models: AWS has it on another one, Vertex AI elsewhere.
    private var hasModelList: Bool {
        switch target.dialect {
        case .bedrockConverse, .bedrockAnthropic, .sageMakerChat, .anthropicVertex: false
        default: true
        }
    }

    private static let noTLS = "is it https, and is the port right?"

    /// Says how far a connection came: name, port, certificate, answer.
    private func unreachable(_ error: any Error) -> DoctorCheck {
        let place = target.endpoint.authority
        // Where the connection goes first.
        let first = target.proxy.map { "the proxy \($0.host):\($0.port)" } ?? place
        switch error {
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            let hint = "look for a mistyped \(target.proxy == nil ? "base_url" : "proxy"), and at this machine's DNS"
            let host = target.proxy?.host ?? target.endpoint.host
            return DoctorCheck(name, .fail, "the name \(host) is not found", hint: hint)
        case is NIOConnectionError, is IOError:
            let hint = "is it running, is the port right, does a firewall stand between?"
            return DoctorCheck(name, .fail, "no connection to \(first): nothing listens there", hint: hint)
        case let error as HTTPClientError where error == .proxyAuthenticationRequired:
            let hint = "put user and password into HTTPS_PROXY or the account's proxy"
            return DoctorCheck(name, .fail, "\(first) wants other credentials (407)", hint: hint)
        case let error as HTTPClientError where error == .invalidProxyResponse:
            let hint = "does it let clients connect to \(place)? NO_PROXY names what needs no proxy"
            return DoctorCheck(name, .fail, "\(first) gives no way to \(place)", hint: hint)
        case let error as HTTPClientError where error == .connectTimeout:
            let needed = target.proxy == nil ? ", is a proxy needed" : ""
            let hint = "does a firewall stand between\(needed)\(target.endpoint.tls ? ", is it https" : "")?"
            let kind = target.endpoint.tls ? "TLS connection" : "connection"
            return DoctorCheck(name, .fail, "no \(kind) to \(target.proxy == nil ? place : first) in time", hint: hint)
        case let error as HTTPClientError where error == .tlsHandshakeTimeout:
            return DoctorCheck(name, .fail, "\(place) does not speak TLS with us", hint: Self.noTLS)
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return DoctorCheck(name, .fail, "\(place) takes a connection and does not answer within 10 seconds")
        case is NIOSSLExtraError:
            let hint = "set base_url to the name in the certificate"
            return DoctorCheck(name, .fail, "the certificate of \(place) is for another name", hint: hint)
        case is NIOSSLError, is BoringSSLError:
            let isUntrusted = "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
            let text =
                isUntrusted ? "the certificate of \(place) is not trusted" : "\(place) does not speak TLS with us"
            let hint = isUntrusted ? "name its root in tls.ca_file" : Self.noTLS
            return DoctorCheck(name, .fail, text, hint: hint)
        default:
            return DoctorCheck(name, .fail, "\(place) closed the connection, or its answer is no HTTP")
        }
    }
}

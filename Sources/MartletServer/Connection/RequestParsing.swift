import MartletCore
import MartletExchange
import MartletRouting
import NIOHTTP1

/// Turns NIO's request heads into the exchange's, and refuses what the parser lets through but must not.
enum RequestParsing {
    /// The longest request target, in bytes.
    static let maxTarget = 8 << 10
    /// The longest request line that a parser reads to its end, in bytes; its target may be refused all the same.
    static let maxRequestLine = 16 << 10
    /// The most fields of a head.
    static let maxFields = 100

    /// What a parser error is answered with; `nil` when it is no parser error.
    ///
    /// - Parameter inRequestLine: Whether the head's first line has not ended yet.
    static func refusal(for error: any Error, inRequestLine: Bool) -> GatewayError? {
        guard let error = error as? HTTPParserError else { return nil }
        switch error {
        case .headerOverflow: return overflow(inRequestLine: inRequestLine)
        case .invalidMethod: return GatewayError(.notImplemented, "This method is not known.")
        default: return GatewayError(.badRequest, "The request is not well-formed HTTP.")
        }
    }

    /// The answer to a head that is over its limits.
    static func overflow(inRequestLine: Bool) -> GatewayError {
        if inRequestLine { return GatewayError(.uriTooLong, "The request target is too long.") }
        return GatewayError(.headersTooLarge, "The request's header fields are too large.")
    }

    /// Picks out what the exchange looks at.
    static func clientHead(from head: HTTPRequestHead) -> ClientHead {
        let (path, query) = split(target: head.uri)
        let result = ClientHead(method: method(head.method), path: path)
        result.query = query
        var facts = FieldFacts()
        for (name, value) in head.headers {
            facts.fields += 1
            take(name, value, into: result, &facts)
            if name.utf8.count == 17, matches(name, "transfer-encoding") {
                if result.isChunked || !matches(value, "chunked") || head.version != .http1_1 {
                    result.refusal = GatewayError(.badRequest, "Only Transfer-Encoding: chunked is accepted.")
                }
                result.isChunked = true
            }
        }
        if let refusal = refusal(head, facts, result) { result.refusal = refusal }
        return result
    }

    /// What the fields of a head add up to.
    struct FieldFacts {
        var fields = 0
        var hosts = 0
        var lengths = 0
        var isTooLarge = false
    }

    /// Keeps a field's value if the exchange looks at it.
    @inline(__always)
    static func take(_ name: String, _ value: String, into result: ClientHead, _ facts: inout FieldFacts) {
        switch name.utf8.count {
        case 4 where matches(name, "host"):
            facts.hosts += 1
            result.host = value
        case 6:
            if matches(name, "expect") { result.expectation = value }
            if matches(name, "origin") { result.origin = value }
        case 7 where matches(name, "api-key"): result.apiKey = value
        case 9 where matches(name, "x-api-key"): result.xAPIKey = value
        case 12:
            if matches(name, "content-type") { result.contentType = value }
            if matches(name, "x-request-id") { result.requestID = value }
        case 13 where matches(name, "authorization"): result.authorization = value
        case 14 where matches(name, "content-length"):
            facts.lengths += 1
            result.contentLength = Int(value)
        case 15 where matches(name, "x-gateway-route"): result.gatewayRoute = value
        case 16 where matches(name, "content-encoding"): result.contentEncoding = value
        case 17 where matches(name, "x-gateway-quality"):
            result.routing = result.routing ?? ClientHead.RoutingFields()
            result.routing?.quality = value
        case 23 where matches(name, "x-gateway-smart-routing"):
            result.routing = result.routing ?? ClientHead.RoutingFields()
            result.routing?.smartRouting = value
        case 17 where matches(name, "x-gateway-privacy"): result.gatewayPrivacy = value
        case 30 where matches(name, "access-control-request-headers"): result.requestedHeaders = value
        default: break
        }
        if let first = name.utf8.first, first | 0x20 == UInt8(ascii: "a"), name.utf8.count > vendorPrefix.utf8.count {
            takeVendorField(name, value, into: result)
        }
        if name.utf8.count > credentialPrefix.utf8.count, let first = name.utf8.first, first | 0x20 == UInt8(ascii: "x")
        {
            takeCredential(name, value, into: result)
        }
    }

    private static var credentialPrefix: String { "x-gateway-credential-" }

    private static func takeCredential(_ name: String, _ value: String, into result: ClientHead) {
        let lower = name.lowercased()
        guard lower.hasPrefix(credentialPrefix) else { return }
        let key = String(lower.dropFirst(credentialPrefix.utf8.count))
        result.credentials.append(HeaderField(name: key, value: value))
    }

    private static var vendorPrefix: String { "anthropic-" }

    private static func takeVendorField(_ name: String, _ value: String, into result: ClientHead) {
        let lower = name.lowercased()
        guard lower.hasPrefix(vendorPrefix) else { return }
        // A field may stand several times; together they are one list (RFC 9110 §5.3).
        if let index = result.vendorFields.firstIndex(where: { $0.name == lower }) {
            result.vendorFields[index].value += ", " + value
        } else {
            result.vendorFields.append(HeaderField(name: lower, value: value))
        }
    }

    private static func refusal(
        _ head: HTTPRequestHead,
        _ facts: FieldFacts,
        _ result: ClientHead
    ) -> GatewayError? {
        if head.uri.utf8.count > maxTarget { return GatewayError(.uriTooLong, "The request target is too long.") }
        if facts.fields > maxFields { return GatewayError(.headersTooLarge, "The request has too many header fields.") }
        if head.version.major != 1 { return GatewayError(.badRequest, "This HTTP version is not spoken here.") }
        if facts.hosts != 1 && !(facts.hosts == 0 && head.version == .http1_0) {
            return GatewayError(.badRequest, "A request needs exactly one Host field.")
        }
        if let host = result.host, !isHost(host) { return GatewayError(.badRequest, "The Host field is malformed.") }
        if facts.lengths > 1 || (facts.lengths == 1 && (result.isChunked || result.contentLength == nil)) {
            return GatewayError(.badRequest, "The request's length is ambiguous.")
        }
        if head.method == .CONNECT || head.method == .TRACE {
            return GatewayError(.notImplemented, "This method is not known.")
        }
        if head.uri.utf8.first != UInt8(ascii: "/") && head.uri != "*" {
            return GatewayError(.badRequest, "The request target must be a path.")
        }
        return nil
    }

    static func split(target: String) -> (String, String?) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, nil) }
        return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
    }

    /// The method of a token, as HTTP/2 has it.
    static func method(named name: String) -> ClientHead.Method { method(HTTPMethod(rawValue: name)) }

    private static func method(_ method: HTTPMethod) -> ClientHead.Method {
        switch method {
        case .GET: .get
        case .HEAD: .head
        case .POST: .post
        case .PUT: .put
        case .PATCH: .patch
        case .DELETE: .delete
        case .OPTIONS: .options
        default: .other(method.rawValue)
        }
    }

    /// Whether a host is made of the characters that names, addresses and ports have (RFC 3986 §3.2.2).
    static func isHost(_ host: String) -> Bool {
        !host.isEmpty
            && host.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }

    /// Compares a field name with a lower-case one (RFC 9110 §5.1: case does not matter, ASCII only).
    private static func matches(_ name: String, _ lower: StaticString) -> Bool {
        guard name.utf8.count == lower.utf8CodeUnitCount else { return false }
        var copy = name
        return copy.withUTF8 { bytes in
            for index in 0..<bytes.count {
                let byte = unsafe bytes[index]
                let folded = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
                if unsafe folded != lower.utf8Start[index] { return false }
            }
            return true
        }
    }
}

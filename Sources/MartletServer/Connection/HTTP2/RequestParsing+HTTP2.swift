import MartletCore
import MartletExchange
import NIOHPACK

extension RequestParsing {
    /// The longest field, in bytes.
    private static let maxField = 16 << 10

    /// Picks out what the exchange looks at.
    ///
    /// NIOHTTP2 has refused what makes a request malformed: missing, repeated or late pseudo-header fields, fields of
    /// HTTP/1.1 connections, control characters (RFC 9113 §8.2, §8.3).
    ///
    /// - Parameter hasBody: Whether DATA frames may follow.
    static func clientHead(from headers: HPACKHeaders, hasBody: Bool) -> ClientHead {
        var path = ""
        var name = ""
        var authority: String?
        var facts = FieldFacts()
        let result = ClientHead(method: .other(""), path: "")
        for (field, value, _) in headers {
            if field.utf8.count + value.utf8.count > maxField { facts.isTooLarge = true }
            switch field {
            case ":method": name = value
            case ":path": path = value
            case ":authority": authority = value
            case ":scheme": break
            default:
                facts.fields += 1
                take(field, value, into: result, &facts)
            }
        }
        (result.path, result.query) = split(target: path)
        result.method = method(named: name)
        if let refusal = refusal(path: path, method: name, authority: authority, facts, result) {
            result.refusal = refusal
        }
        if let authority { result.host = authority }
        if result.contentLength == nil { result.isChunked = hasBody }
        return result
    }

    private static func refusal(
        path: String,
        method: String,
        authority: String?,
        _ facts: FieldFacts,
        _ result: ClientHead
    ) -> GatewayError? {
        if path.utf8.count > maxTarget { return GatewayError(.uriTooLong, "The request target is too long.") }
        if facts.fields > maxFields {
            return GatewayError(.headersTooLarge, "The request has too many header fields.")
        }
        if facts.isTooLarge { return GatewayError(.headersTooLarge, "A header field of the request is too large.") }
        if method == "CONNECT" || method == "TRACE" {
            return GatewayError(.notImplemented, "This method is not known.")
        }
        // The authority stands in for the Host field; both are the same or the request is malformed (RFC 9113 §8.3.1).
        if facts.hosts > 1 || (authority == nil && facts.hosts == 0) {
            return GatewayError(.badRequest, "A request needs exactly one :authority.")
        }
        if let authority, let host = result.host, authority.lowercased() != host.lowercased() {
            return GatewayError(.badRequest, "The :authority and Host fields differ.")
        }
        if let host = authority ?? result.host, !isHost(host) {
            return GatewayError(.badRequest, "The :authority is malformed.")
        }
        if facts.lengths > 1 || (facts.lengths == 1 && (result.contentLength ?? -1) < 0) {
            return GatewayError(.badRequest, "The request's length is ambiguous.")
        }
        let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
        if !isPlain || (path.utf8.first != UInt8(ascii: "/") && path != "*") {
            return GatewayError(.badRequest, "The request target must be a path.")
        }
        return nil
    }
}

/// The credentials of a request, as presented.
///
/// Never logged. The fields are kept as they came, so that a connection's next request is compared without taking them apart.
public struct Credentials: Sendable, Hashable {
    /// The `Authorization` field.
    public var authorization: String?
    /// The `x-api-key` field.
    public var xAPIKey: String?
    /// The `api-key` field.
    public var apiKey: String?

    /// Creates credentials from the fields that may carry them.
    public init(authorization: String?, xAPIKey: String? = nil, apiKey: String? = nil) {
        self.authorization = authorization
        self.xAPIKey = xAPIKey
        self.apiKey = apiKey
    }

    /// Whether no field carries a value.
    var isEmpty: Bool {
        (xAPIKey ?? "").isEmpty && (apiKey ?? "").isEmpty && authorization.flatMap(Self.token) == nil
    }

    /// Distinct presented values, at most three.
    public var values: [String] {
        var values: [String] = []
        if let token = authorization.flatMap(Self.token) { values.append(String(token)) }
        for key in [xAPIKey, apiKey] {
            if let key, !key.isEmpty, !values.contains(key) { values.append(key) }
        }
        return values
    }

    private static func isBearer(_ field: String) -> Bool {
        let (bytes, scheme) = (field.utf8.span, "bearer ".utf8.span)
        guard bytes.count > scheme.count else { return false }
        for index in scheme.indices where bytes[index] | 0x20 != scheme[index] { return false }
        return true
    }

    /// The token of `Authorization: Bearer` (RFC 6750 §2.1); the scheme's case does not matter (RFC 9110 §11.1).
    static func token(_ field: String) -> Substring? {
        guard isBearer(field) else { return nil }
        let token = field.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }
        return token.isEmpty ? nil : Substring(token)
    }
}

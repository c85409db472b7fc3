public import MartletCore

/// Who a request is made for, once its key is known.
public struct Principal: Hashable, Sendable {
    /// The public id of the key.
    public var key: APIKeyID
    /// What the key may do.
    public var scopes: Scopes
    /// The key's own limit of requests in flight; 0 means no own limit.
    public var maxConcurrency: Int

    /// Creates a principal.
    public init(key: APIKeyID, scopes: Scopes, maxConcurrency: Int = 0) {
        self.key = key
        self.scopes = scopes
        self.maxConcurrency = maxConcurrency
    }

    /// The caller of a gateway whose authentication is off.
    public static let anonymous = Principal(key: .anonymous, scopes: [.inference])
}

/// What a key may do.
public struct Scopes: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Wraps bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Call models and list them.
    public static let inference = Scopes(rawValue: 1)
    /// Use `/admin`.
    public static let admin = Scopes(rawValue: 2)

    /// Parses `inference,admin`; `nil` when a name is unknown or the list is empty.
    public init?(names: String) {
        var scopes: Scopes = []
        for name in names.split(separator: ",") {
            switch name.trimmingPrefix(while: { $0 == " " }) {
            case "inference": scopes.insert(.inference)
            case "admin": scopes.insert(.admin)
            default: return nil
            }
        }
        guard !scopes.isEmpty else { return nil }
        self = scopes
    }

    /// The names, in a fixed order.
    public var names: [String] {
        (contains(.inference) ? ["inference"] : []) + (contains(.admin) ? ["admin"] : [])
    }
}

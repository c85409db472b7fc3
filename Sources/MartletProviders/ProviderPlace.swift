public import MartletCore

/// Where a provider is whose address depends on the account: a host for each location, and the project in the path.
public struct ProviderPlace: Sendable, Hashable {
    /// The keys of an account that the address is made of; each must be set.
    public var keys: [String]
    /// The key that decides about the host.
    public var hostKey: String
    /// The host, with `{key}` for the value of a key.
    public var host: String
    /// Hosts of values of ``hostKey`` that have one of their own.
    public var hosts: [String: String]
    /// The path, with `{key}` for the value of a key.
    public var path: String
    /// Environment variables that stand in for keys that the account has not.
    public var variables: [String: [String]] = [:]
    /// The key that the project of the account's credential stands in for.
    public var projectKey: String?

    /// Creates a place.
    public init(keys: [String], hostKey: String, host: String, hosts: [String: String] = [:], path: String) {
        self.keys = keys
        self.hostKey = hostKey
        self.host = host
        self.hosts = hosts
        self.path = path
    }

    /// The base URL of an account.
    ///
    /// - Parameter values: The values of ``keys``; letters, digits, `.`, `_`, `:` and `-`, since they become part of an
    ///   address.
    public func baseURL(_ values: [String: String]) -> String {
        let host = values[hostKey].flatMap { hosts[$0] } ?? Self.filled(host, values)
        return "https://" + host + Self.filled(path, values)
    }

    /// Whether a value may stand in an address as it is.
    public static func isPlain(_ value: String) -> Bool {
        1...128 ~= value.utf8.count && value != "." && value != ".."
            && value.utf8.allSatisfy { byte in
                byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || ".-_:".utf8.contains(byte)
            }
    }

    private static func filled(_ pattern: String, _ values: [String: String]) -> String {
        var text = pattern
        for (key, value) in values { text.replace("{\(key)}", with: value) }
        return text
    }
}

/// Models of a provider that another type of the same provider serves, told by how their names begin.
public struct ProviderFamily: Sendable, Hashable {
    /// How the names begin.
    public var prefix: String
    /// The type.
    public var kind: ProviderKind

    /// Creates a family.
    public init(prefix: String, kind: ProviderKind) {
        self.prefix = prefix
        self.kind = kind
    }
}

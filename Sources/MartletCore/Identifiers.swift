/// A name a client may ask for in `model`.
///
/// Compared byte by byte; never by canonical equivalence.
public struct ModelName: Hashable, Sendable, CustomStringConvertible {
    /// The name as configured or asked for, 1–256 bytes.
    public let rawValue: String

    /// Wraps a name.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }

    /// Compares the UTF-8 bytes of two names.
    public static func == (left: Self, right: Self) -> Bool { bytesEqual(left.rawValue, right.rawValue) }

    /// Hashes the UTF-8 bytes of the name.
    public func hash(into hasher: inout Hasher) { hashBytes(rawValue, into: &hasher) }
}

/// The name of a configured provider account, shown in `X-Provider`, metrics and records.
public struct AccountName: Hashable, Sendable, CustomStringConvertible {
    /// The account's table name, or the engine kind for a local engine.
    public let rawValue: String

    /// Wraps a name.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }

    /// Compares the UTF-8 bytes of two names.
    public static func == (left: Self, right: Self) -> Bool { bytesEqual(left.rawValue, right.rawValue) }

    /// Hashes the UTF-8 bytes of the name.
    public func hash(into hasher: inout Hasher) { hashBytes(rawValue, into: &hasher) }
}

/// A vendor or runtime, by its configuration type name (`openai`, `openrouter`, `llama_server`).
public struct ProviderKind: Hashable, Sendable, CustomStringConvertible {
    /// The canonical type name.
    public let rawValue: String

    /// Wraps a type name.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }
}

/// What an attempt is made on: account, upstream model and credential location.
///
/// Stable over reloads, so that breaker, latency and limiter state of an unchanged target survive them.
public struct TargetID: Hashable, Sendable, CustomStringConvertible {
    /// `account|upstream model|credential location`; never a secret.
    public let rawValue: String
    /// Made once: every request looks the states of its targets up.
    private let hash: Int

    /// Joins the three parts.
    public init(account: AccountName, upstreamModel: String, credentialLocation: String) {
        rawValue = "\(account.rawValue)|\(upstreamModel)|\(credentialLocation)"
        var hasher = Hasher()
        hashBytes(rawValue, into: &hasher)
        hash = hasher.finalize()
    }

    /// The account and where its credential is: the same for all targets that show the same credential.
    public var credential: String {
        let bytes = rawValue.utf8
        guard let first = bytes.firstIndex(of: UInt8(ascii: "|")), let last = bytes.lastIndex(of: UInt8(ascii: "|"))
        else { return rawValue }
        return String(rawValue[..<first]) + String(rawValue[last...])
    }

    /// Compares the UTF-8 bytes of two ids.
    public static func == (left: Self, right: Self) -> Bool {
        left.hash == right.hash && bytesEqual(left.rawValue, right.rawValue)
    }

    /// Hashes the hash that is known.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// The joined parts.
    public var description: String { rawValue }
}

/// The public part of a gateway key: 12 characters `[a-z0-9]`, or `static` for the configured key.
public struct APIKeyID: Hashable, Sendable, CustomStringConvertible {
    /// The public id.
    public let rawValue: String

    /// Wraps an id.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The id of the key given by `GATEWAY_API_KEY`.
    public static let `static` = APIKeyID("static")

    /// The id of the key given by `ADMIN_KEY`.
    public static let admin = APIKeyID("admin")

    /// The principal of a gateway whose authentication is off.
    public static let anonymous = APIKeyID("none")

    /// The id itself.
    public var description: String { rawValue }
}

/// One upstream request of an exchange; in every upstream event and action.
public struct LegID: Hashable, Sendable {
    /// Counts from 0 within its exchange.
    public let rawValue: UInt16

    /// Wraps a number.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

@inline(__always)
func bytesEqual(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    let (left, right) = (left.utf8.span, right.utf8.span)
    for index in left.indices where left[index] != right[index] { return false }
    return true
}

@inline(__always)
func hashBytes(_ text: String, into hasher: inout Hasher) {
    var copy = text
    copy.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
}

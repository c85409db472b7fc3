public import MartletCore

/// A request for a credential; what sends it is not known here.
public struct CredentialCall: Sendable, Hashable {
    /// The method token.
    public var method: String
    /// The whole URL.
    public var url: String
    /// Request fields, with lower-case names.
    public var fields: [String: String]
    /// The body.
    public var body: [UInt8]
    /// Whether it goes to a service of the machine itself: in clear, and through no proxy.
    public var isMachineLocal = false

    /// Describes a request.
    public init(_ method: String, _ url: String, fields: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }

    /// The same request, to a service of the machine itself.
    var machineLocal: CredentialCall {
        var call = self
        call.isMachineLocal = true
        return call
    }

    /// Describes the request of an OAuth token (RFC 6749 §4, application/x-www-form-urlencoded).
    public init(form: [(String, String)], to url: String) {
        let body = form.map { "\(FormText.encoded($0.0))=\(FormText.encoded($0.1))" }.joined(separator: "&")
        self.init(
            "POST",
            url,
            fields: ["content-type": "application/x-www-form-urlencoded", "accept": "application/json"],
            body: Array(body.utf8)
        )
    }
}

/// The answer to such a request.
public struct CredentialReply: Sendable, Hashable {
    /// The status.
    public var status: Int
    /// The body.
    public var body: [UInt8]
    /// Fields of the answer, with lower-case names.
    public var fields: [String: String]

    /// Describes an answer.
    public init(status: Int, body: [UInt8], fields: [String: String] = [:]) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// A credential that was fetched.
public struct FetchedCredential: Sendable, Hashable {
    /// What it is.
    public var value: Value
    /// When it ends, in seconds since 1970 (UTC); `nil` when it does not.
    public var expires: Int64?
    /// Where it was found, for people.
    public var place = ""

    /// What a credential is.
    public enum Value: Sendable, Hashable {
        /// A key that signs.
        case aws(AWSKeys)
        /// A token that is sent.
        case token(Secret)
    }

    /// Creates a credential.
    public init(_ value: Value, expires: Int64?) {
        self.value = value
        self.expires = expires
    }

    /// The same credential, found at a place.
    public func found(_ place: String) -> FetchedCredential {
        var found = self
        found.place = place
        return found
    }
}

/// Why a credential cannot be had; never holds one.
public struct CredentialFailure: Error, Sendable, Hashable {
    /// What went wrong, for people.
    public var reason: String
    /// What kind of thing went wrong, for advice.
    public var cause: Cause

    /// What kind of thing keeps a credential away.
    public enum Cause: Sendable, Hashable {
        /// Something is there and cannot be used; the reason names it.
        case unusable
        /// Nothing is there.
        case missing
        /// A service does not accept what it was shown.
        case refused
        /// A service has a fault, or limits the rate.
        case unavailable
        /// Nobody answers.
        case unreachable
        /// A host's name is not found.
        case unknownName

        /// The cause behind the status of a service's answer.
        init(status: Int) {
            switch status {
            case 400, 401, 403: self = .refused
            case 408, 429, 500...: self = .unavailable
            default: self = .unusable
            }
        }
    }

    /// Creates a failure.
    public init(_ reason: String, _ cause: Cause = .unusable) {
        self.reason = reason
        self.cause = cause
    }
}

enum FormText {
    /// Encodes what is not unreserved (RFC 3986 §2.3).
    static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 15] {
                    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

enum ForeignText {
    /// What another server said, made fit for one line of an error: printable ASCII, at most 200 characters.
    static func line(_ text: String) -> String {
        let bytes = text.utf8.prefix(200).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: " ") }
        return String(decoding: bytes, as: UTF8.self)
    }
}

public import MartletCore

/// What `x-request-id` shows: the client's own id if it is well formed, else the record's.
public enum RequestID: Sendable, Hashable, CustomStringConvertible {
    /// The client's, `[A-Za-z0-9._-]{1,128}`.
    case client(String)
    /// The gateway's own.
    case record(RecordID)

    /// Keeps a client's id only if it is well formed.
    init(_ presented: String?, else id: RecordID) {
        self = presented.flatMap(Self.wellFormed).map { .client($0) } ?? .record(id)
    }

    /// The id as text.
    public var description: String {
        switch self {
        case .client(let text): text
        case .record(let id): id.description
        }
    }

    /// The client's id, if it is the one that is shown.
    var clientText: String? { if case .client(let text) = self { text } else { nil } }

    private static func wellFormed(_ id: String) -> String? {
        guard (1...128).contains(id.utf8.count) else { return nil }
        let isPlain = id.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain ? id : nil
    }
}

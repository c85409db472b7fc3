public import MartletCore

/// A path of one kept response: `/responses/{id}` and below.
public struct StoredResponsePath: Sendable, Hashable {
    /// The id of the response.
    public var id: String
    /// What of it.
    public var part: Part

    /// Parts of a response that have a path.
    public enum Part: Sendable, Hashable {
        /// The response itself.
        case response
        /// The items it was asked with.
        case inputItems
        /// Its end before it is done.
        case cancel
    }

    /// Finds the response of a path below a base path.
    ///
    /// - Parameter path: The path as sent, without the base path and without a slash at its end.
    init?(_ path: Substring) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 4, parts[0].isEmpty, parts[1] == "responses",
            1...256 ~= parts[2].utf8.count, parts[2].utf8.allSatisfy(Self.isPlain),
            !Self.notIDs.contains(String(parts[2]))
        else { return nil }
        id = String(parts[2])
        switch parts.count == 4 ? parts[3] : "" {
        case "" where parts.count == 3: part = .response
        case "input_items": part = .inputItems
        case "cancel": part = .cancel
        default: return nil
        }
    }

    /// The methods the path has.
    var methods: [ClientHead.Method] {
        switch part {
        case .response: [.get, .head, .delete]
        case .inputItems: [.get, .head]
        case .cancel: [.post]
        }
    }

    /// Endpoints of the API that are not here.
    private static let notIDs: Set<String> = ["compact", "input_tokens"]

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte == 0x2D || byte == 0x5F || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
    }
}

/// A request about a kept response.
public struct StoredResponseRequest: Sendable, Hashable {
    /// What is asked for.
    public var path: StoredResponsePath
    /// The method.
    public var method: ClientHead.Method
    /// The query without `?`.
    public var query: String?
    /// Who asks; others' responses do not exist for it.
    public var key: APIKeyID

    /// Creates a request.
    public init(path: StoredResponsePath, method: ClientHead.Method, query: String?, key: APIKeyID) {
        self.path = path
        self.method = method
        self.query = query
        self.key = key
    }
}

/// A request that goes on from a kept response.
public struct HistoryRequest: Sendable {
    /// The response it goes on from.
    public var previousID: String
    /// Who asks; others' responses do not exist for it.
    public var key: APIKeyID
    /// The request as the caller sent it.
    public var request: ChatRequest
    /// The most bytes of the conversation so far.
    public var maxBytes: Int

    /// Creates a request.
    public init(previousID: String, key: APIKeyID, request: ChatRequest, maxBytes: Int) {
        self.previousID = previousID
        self.key = key
        self.request = request
        self.maxBytes = maxBytes
    }
}

/// What a request becomes that goes on from a response.
public enum HistoryAnswer: Sendable {
    /// The request with the conversation so far in front.
    case found(ChatRequest)
    /// There is no such response of this key.
    case unknown
    /// It cannot be had.
    case failed(GatewayError)
}

/// An answer that is kept.
public struct AnswerToKeep: Sendable {
    /// Whose it is.
    public var key: APIKeyID
    /// The request as the caller sent it.
    public var request: ChatRequest
    /// Bytes of the request's body.
    public var requestBytes: Int
    /// The response object.
    public var response: [UInt8]
    /// When the request came, in seconds since 1970.
    public var createdAt: Int64

    /// Creates an answer.
    public init(key: APIKeyID, request: ChatRequest, requestBytes: Int, response: [UInt8], createdAt: Int64) {
        self.key = key
        self.request = request
        self.requestBytes = requestBytes
        self.response = response
        self.createdAt = createdAt
    }
}

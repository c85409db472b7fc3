public import MartletCore

/// One request of a batch, in whatever dialect.
public struct BatchItem: Hashable, Sendable {
    /// The name the caller gave it; results bear it, in any order.
    public var customID: String
    /// The endpoint it is for (`/v1/chat/completions`), where the dialect names one for each request.
    public var url: String?
    /// The body as it came.
    public var body: JSONText

    /// Creates a request.
    public init(customID: String, url: String? = nil, body: JSONText) {
        self.customID = customID
        self.url = url
        self.body = body
    }
}

/// What became of one request of a batch.
public struct BatchResult: Hashable, Sendable {
    /// The name the caller gave the request.
    public var customID: String
    /// What became of it.
    public var outcome: Outcome

    /// What became of a request.
    public enum Outcome: Hashable, Sendable {
        /// It was answered, maybe with an error: the HTTP status, the upstream's id of the request, and the body as it came.
        case answered(status: Int, requestID: String?, body: JSONText)
        /// It was not answered for another reason.
        case failed(code: String, message: String)
        /// The batch was cancelled before it was asked.
        case cancelled
        /// The batch's time ran out before it was asked.
        case expired
    }

    /// Creates a result.
    public init(customID: String, outcome: Outcome) {
        self.customID = customID
        self.outcome = outcome
    }
}

/// A line of a batch's file, or the file as a whole, that cannot be used.
public struct BatchError: Hashable, Sendable {
    /// What kind of mistake it is (`invalid_json_line`).
    public var code: String?
    /// The line, from 1; `nil` for the file as a whole.
    public var line: Int?
    /// What is wrong, for people.
    public var message: String?
    /// The field it is about.
    public var param: String?

    /// Creates a finding.
    public init(code: String?, line: Int? = nil, message: String?, param: String? = nil) {
        self.code = code
        self.line = line
        self.message = message
        self.param = param
    }
}

/// One page of a list.
public struct BatchPage<Element: Hashable & Sendable>: Hashable, Sendable {
    /// What is on the page, newest first.
    public var data: [Element]
    /// Whether there is a further page.
    public var hasMore: Bool

    /// Creates a page.
    public init(data: [Element], hasMore: Bool) {
        self.data = data
        self.hasMore = hasMore
    }
}

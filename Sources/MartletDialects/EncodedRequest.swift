public import MartletCore

/// A request body for an upstream, and what of the caller's request did not find a place in it.
public struct EncodedRequest: Hashable, Sendable {
    /// The body.
    public var body: [UInt8]
    /// What the dialect could not carry, as JSON paths of the caller's body (`logit_bias`, `messages[2].name`), each
    /// once, in the order of the body where that was known.
    ///
    /// Printable ASCII without line breaks: names from outside are cut and cleaned.
    public var dropped: [String]
    /// The caller's names of tools that had to be renamed, by the names that were sent.
    public var renamedTools: [String: String]

    /// Header fields that the body needs beside it; they replace fields of the same name that an account adds.
    public var headers: [Header]

    /// Creates a result.
    public init(
        body: [UInt8],
        dropped: [String] = [],
        renamedTools: [String: String] = [:],
        headers: [Header] = []
    ) {
        self.body = body
        self.dropped = dropped
        self.renamedTools = renamedTools
        self.headers = headers
    }

    /// A header field of the request.
    public struct Header: Hashable, Sendable {
        /// In lower case.
        public var name: String
        /// Visible ASCII and spaces.
        public var value: String

        /// Creates a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}

extension ChatResponse {
    /// Gives the tools that are called the names the caller knows.
    ///
    /// - Parameter names: ``EncodedRequest/renamedTools``.
    public mutating func restoreToolNames(_ names: [String: String]) {
        guard !names.isEmpty else { return }
        for index in choices.indices {
            for place in choices[index].message.parts.indices {
                guard case .toolCall(var call) = choices[index].message.parts[place], let name = names[call.name] else {
                    continue
                }
                call.name = name
                choices[index].message.parts[place] = .toolCall(call)
            }
        }
    }
}

extension ChatChunk {
    /// Gives the tools that are called the names the caller knows.
    ///
    /// - Parameter names: ``EncodedRequest/renamedTools``.
    public mutating func restoreToolNames(_ names: [String: String]) {
        guard !names.isEmpty else { return }
        for index in choices.indices {
            for place in choices[index].toolCalls.indices {
                guard let sent = choices[index].toolCalls[place].name, let name = names[sent] else { continue }
                choices[index].toolCalls[place].name = name
            }
        }
    }
}

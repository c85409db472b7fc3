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
    /// What tells, once the answer's tokens are known, whether the prompt was shortened; `nil` where the target does not
    /// shorten prompts in silence.
    public var promptCheck: PromptCheck?

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

/// How a prompt and the room for it compare, for targets that shorten prompts without a word.
public struct PromptCheck: Hashable, Sendable {
    /// The tokens the target was asked to make room for, prompt and answer together.
    public var contextTokens: Int
    /// The tokens of the whole prompt by the estimate rule.
    public var likelyTokens: Int64

    /// Creates a check.
    public init(contextTokens: Int, likelyTokens: Int64) {
        self.contextTokens = contextTokens
        self.likelyTokens = likelyTokens
    }

    /// Whether the prompt was shortened, as far as the reported tokens prove it.
    ///
    /// - Parameter usage: What the answer told; `nil`, or estimated, proves nothing.
    public func isTruncated(_ usage: Usage?) -> Bool {
        guard let usage, !usage.estimated else { return false }
        return OllamaContext.fit(
            promptTokens: usage.inputTokens,
            contextTokens: contextTokens,
            likelyTokens: likelyTokens
        ) == .truncated
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

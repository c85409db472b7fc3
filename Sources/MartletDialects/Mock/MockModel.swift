public import MartletCore

/// The built-in model: answers the same to the same request, calls nothing, and says so in its text.
///
/// For trying clients and for tests. Tools are never called; limits and sampling are not looked at.
public struct MockModel: Sendable {
    /// The name it answers to.
    public static let name = "mock"

    /// Makes the model; it has no state.
    public init() {}

    /// How many characters of the caller's text come back.
    private static let quotedCharacters = 200

    /// The text of the answer.
    public func text(for request: ChatRequest) -> String {
        let last = request.messages.last { $0.role == .user }?.text ?? ""
        return "Mock answer from Martlet: no model was called. You said: \(last.prefix(Self.quotedCharacters))"
    }

    /// The tokens of the answer by the estimate rule, marked estimated.
    public func usage(for request: ChatRequest) -> Usage {
        Usage(
            inputTokens: request.estimatedInputTokens,
            outputTokens: Usage.estimatedTokens(textBytes: text(for: request).utf8.count),
            estimated: true
        )
    }

    /// The answer as chunks: one a word, then one with the reason to stop and the usage.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - id: The id of the answer.
    ///   - created: Seconds since 1970.
    public func chunks(for request: ChatRequest, id: String, created: Int64) -> [ChatChunk] {
        let model = request.model ?? Self.name
        var chunks = Self.words(text(for: request)).map { word in
            ChatChunk(id: id, created: created, model: model, choices: [ChatChunk.Choice(content: word)])
        }
        chunks.append(
            ChatChunk(
                id: id,
                created: created,
                model: model,
                choices: [ChatChunk.Choice(finishReason: .stop)],
                usage: ChatUsage(usage(for: request))
            )
        )
        return chunks
    }

    /// The whole answer: the chunks put together.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - id: The id of the answer.
    ///   - created: Seconds since 1970.
    public func response(for request: ChatRequest, id: String, created: Int64) -> ChatResponse {
        var accumulator = ChatAccumulator()
        for chunk in chunks(for: request, id: id, created: created) { accumulator.add(chunk) }
        return accumulator.response
    }

    /// Cuts a text before each word, so that the pieces joined are the text.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var hasLetter = false
        for character in text {
            if character.isWhitespace, hasLetter {
                words.append(word)
                word = ""
                hasLetter = false
            }
            if !character.isWhitespace { hasLetter = true }
            word.append(character)
        }
        // White space at the end belongs to the last word.
        if hasLetter || words.isEmpty { words.append(word) } else { words[words.count - 1] += word }
        return words
    }
}

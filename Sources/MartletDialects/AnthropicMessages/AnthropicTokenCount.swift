public import MartletCore
import MartletWire

/// Counts the tokens of a prompt for targets that cannot be asked.
///
/// An estimate, to be marked as one: a quarter of a token for each byte that the model reads.
public enum AnthropicTokenCount {
    /// Tokens of a picture whose size is not known: what the API takes for one of about a megapixel.
    ///
    /// - SeeAlso: Anthropic API reference, "Vision", "Evaluate image size".
    public static let imageTokens: Int64 = 1_600
    /// Bytes of a PDF that stand for one token: a page of about 40 KB has about 2000.
    private static let documentBytesPerToken = 20
    /// Tokens around each message and each tool: roles, ids, and the words that tell the model of tools.
    private static let tokensPerMessage: Int64 = 4

    /// Estimates the tokens of a request.
    ///
    /// - Parameter request: The request.
    public static func estimate(_ request: ChatRequest) -> Int64 {
        var bytes = 0
        var tokens = tokensPerMessage * Int64(request.messages.count + (request.tools?.count ?? 0))
        // A list of parts still to count instead of recursion: results nest parts.
        var rest = request.messages.map(\.parts)
        while let parts = rest.popLast() {
            for part in parts {
                switch part {
                case .text(let text), .refusal(let text): bytes &+= text.text.utf8.count
                case .reasoning(let reasoning): bytes &+= reasoning.text.utf8.count
                case .toolCall(let call): bytes &+= call.name.utf8.count &+ call.arguments.utf8.count
                case .toolResult(let result): rest.append(result.content)
                case .image: tokens &+= imageTokens
                case .audio(let audio): tokens &+= Int64(audio.base64.utf8.count / documentBytesPerToken)
                case .file(let file): tokens &+= Self.tokens(file)
                case .other(_, let value): bytes &+= value.bytes.count
                }
            }
        }
        for tool in request.tools ?? [] {
            switch tool {
            case .function(let function):
                bytes &+= function.name.utf8.count &+ (function.description?.utf8.count ?? 0)
                bytes &+= function.parameters?.bytes.count ?? 0
            case .other(_, let value): bytes &+= value.bytes.count
            }
        }
        if case .jsonSchema(let format)? = request.responseFormat { bytes &+= format.schema?.bytes.count ?? 0 }
        return tokens &+ Usage.estimatedTokens(textBytes: bytes)
    }

    /// A document by address counts as one page.
    private static func tokens(_ file: ChatFile) -> Int64 {
        guard let data = file.dataURL else { return 2_000 }
        return Int64(data.utf8.count / 4 * 3 / documentBytesPerToken)
    }

    /// The tokens that an answer tells; `nil` when it is none.
    public static func tokens(inAnswer body: [UInt8]) -> Int64? {
        guard let document = try? JSONDocument(body) else { return nil }
        return document.withView { $0.member("input_tokens")?.int64().flatMap { $0 >= 0 ? $0 : nil } }
    }

    /// The body of an answer.
    public static func body(_ tokens: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: 32)
        writer.object { $0.member("input_tokens", tokens) }
        return writer.bytes
    }
}

import MartletCore
import MartletWire

/// A whole answer in the words of OpenAI's responses, with its parts for a store.
public struct OpenAIResponsesAnswer: Hashable, Sendable {
    /// The id of the response.
    public let id: String
    /// The response object.
    public let body: [UInt8]
    /// The items of the output, each a JSON object.
    public let output: [[UInt8]]

    /// The id of a response that another wrote.
    public static func id(of response: [UInt8]) -> String? {
        (try? JSONDocument(response, limits: JSONLimits(maxDepth: 256)))?.withView { $0.member("id")?.string() } ?? nil
    }

    /// Encodes an answer; of several answers the first.
    ///
    /// Done by the writer of streams, so that both always say the same.
    init(_ response: ChatResponse, context: CallerContext?) {
        var encoder = OpenAIResponsesStreamEncoder(context: context)
        var events: [UInt8] = []
        for chunk in response.chunks { encoder.encode(chunk, into: &events) }
        encoder.finish(into: &events)
        id = encoder.id
        body = encoder.finalResponse ?? []
        output = encoder.outputItems
    }
}

extension ChatResponse {
    /// The answer as the chunks of a stream that says the same.
    fileprivate var chunks: [ChatChunk] {
        var head = ChatChunk(id: id, created: created, model: model, usage: usage)
        head.extra = extra
        guard let choice = choices.first else { return [head] }
        var chunks = [head]
        var calls = 0
        var logprobs = choice.extra.filter { $0.name == "logprobs" }
        for part in choice.message.parts {
            var piece = ChatChunk.Choice()
            piece.opensPart = true
            switch part {
            case .text(let text):
                piece.content = text.text
                piece.deltaExtra = text.extra.filter { $0.name == "annotations" }
                piece.extra = logprobs
                logprobs = []
            case .refusal(let text): piece.refusal = text.text
            case .toolCall(let call):
                var delta = ChatChunk.ToolCallDelta(
                    index: calls,
                    id: call.id,
                    kind: call.kind,
                    name: call.name,
                    arguments: call.arguments
                )
                delta.extra = call.extra
                piece.toolCalls = [delta]
                calls += 1
            default: piece.parts = [part]
            }
            chunks.append(ChatChunk(choices: [piece]))
        }
        if let refusal = choice.message.refusal {
            var piece = ChatChunk.Choice()
            piece.refusal = refusal
            chunks.append(ChatChunk(choices: [piece]))
        }
        chunks.append(ChatChunk(choices: [ChatChunk.Choice(finishReason: choice.finishReason)]))
        return chunks
    }
}

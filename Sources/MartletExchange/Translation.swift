import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

/// A call on a target of another dialect: its request, and its stream on the way back.
struct Translation {
    let codec: any ChatCodec
    /// The caller's names of tools that were renamed.
    let renamedTools: [String: String]
    /// What stands for an answer's own id and time, where the dialect has none.
    let id: String
    let created: Int64
    private var decoder: any ChatStreamDecoder
    private var encoder: OpenAIChatStreamEncoder
    private var chunks: [ChatChunk] = []
    private var output: [UInt8] = []
    /// Usage as far as it was told.
    private(set) var usage: Usage?
    /// Bytes of text, reasoning and arguments so far.
    private(set) var contentBytes = 0
    /// Whether the stream has shown content by now.
    private(set) var contentBegan = false
    /// Whether the reason to stop was seen.
    private(set) var finishSeen = false

    init(_ codec: any ChatCodec, renamedTools: [String: String], id: String, created: Int64, includeUsage: Bool) {
        self.codec = codec
        self.renamedTools = renamedTools
        self.id = id
        self.created = created
        decoder = codec.makeStreamDecoder()
        encoder = OpenAIChatStreamEncoder(includeUsage: includeUsage)
    }

    /// Translates one read; what is complete comes out.
    mutating func watch(_ bytes: ByteBuffer) -> Leg.Step {
        var step = Leg.Step()
        chunks.removeAll(keepingCapacity: true)
        output.removeAll(keepingCapacity: true)
        do throws(ChatFailure) {
            try decoder.decode(bytes.readableBytesUInt8Span, into: &chunks)
        } catch {
            step.failure = error
        }
        for chunk in chunks { add(chunk, &step) }
        step.sendable = ByteBuffer(bytes: output)
        step.contentBegan = contentBegan
        return step
    }

    private mutating func add(_ chunk: ChatChunk, _ step: inout Leg.Step) {
        if let error = chunk.error {
            step.failure = step.failure ?? .upstream(error)
            return
        }
        var chunk = chunk
        chunk.id = chunk.id ?? id
        chunk.created = chunk.created ?? created
        chunk.restoreToolNames(renamedTools)
        if let told = chunk.usage?.counts { usage = told }
        for choice in chunk.choices {
            contentBytes += choice.outputBytes
            if choice.finishReason != nil { finishSeen = true }
            if choice.bearsContent { step.hasContent = true }
        }
        if step.hasContent { contentBegan = true }
        encoder.encode(chunk, into: &output)
    }

    /// What the end of the upstream's bytes means.
    mutating func finish() -> OpenAIChatWatcher.End {
        do throws(ChatFailure) {
            try decoder.finish()
        } catch {
            return contentBegan || error != .cut ? .failed(error) : .empty
        }
        return contentBegan ? .done : .empty
    }

    /// What goes to the caller before the mark that ends its stream: the usage, when it was asked for.
    mutating func rest() -> ByteBuffer? {
        var rest: [UInt8] = []
        encoder.finishBeforeDone(into: &rest)
        return rest.isEmpty ? nil : ByteBuffer(bytes: rest)
    }

    /// Translates a whole answer.
    func answer(_ body: ByteBuffer) throws(ChatFailure) -> (body: [UInt8], usage: Usage?, contentBytes: Int) {
        var response = try codec.decodeResponse(Array(body.readableBytesView))
        guard !response.choices.isEmpty else { throw .malformed("the answer has no choices") }
        response.id = response.id ?? id
        response.created = response.created ?? created
        response.restoreToolNames(renamedTools)
        let text = response.choices.reduce(0) { sum, choice in
            sum + choice.message.text.utf8.count + (choice.message.reasoning?.utf8.count ?? 0)
                + choice.message.toolCalls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
        }
        return (OpenAIChatCodec().encodeResponse(response), response.usage?.counts, text)
    }

    /// An upstream's error in the caller's dialect.
    func failure(_ body: ByteBuffer, status: Int) -> (said: UpstreamFailure, body: ByteBuffer) {
        let said = codec.decodeFailure(Array(body.readableBytesView))
        return (said, ByteBuffer(bytes: OpenAIChatCodec().encodeFailure(said, status: status)))
    }
}

extension Exchange {
    /// Writes the request for a target of another dialect; does nothing for one of the caller's own.
    ///
    /// - Throws: ``GatewayError`` when the target cannot do what was asked for.
    mutating func translate(for target: Target) throws(GatewayError) {
        translated = nil
        guard target.dialect != .openAIChat, target.dialect != .mock else { return }
        let settings = CodecSettings(
            account: target.account.rawValue,
            contextWindow: target.contextWindow,
            keepAlive: target.quirks.keepAlive
        )
        guard let codec = target.dialect.codec(settings) else { return }
        if typedRequest == nil { typedRequest = Boxed(try body.decoded()) }
        guard var request = typedRequest?.value else { return }
        request.model = target.upstreamModel
        let encoded = try codec.encodeRequest(request)
        let translation = Translation(
            codec,
            renamedTools: encoded.renamedTools,
            id: "chatcmpl-" + id.description,
            created: Int64(receivedWall / 1_000),
            includeUsage: facts.includeUsage
        )
        translated = Boxed(
            TranslatedRequest(
                request: UpstreamRequest(
                    path: target.dialect.chatPath,
                    accept: facts.stream ? target.dialect.streamType : "application/json",
                    body: SplicedBody(encoded.body)
                ),
                dropped: encoded.dropped,
                translation: translation
            )
        )
    }

    /// A target that cannot do what was asked for is passed over while others are left.
    mutating func cannotCarry(
        _ error: GatewayError,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let machine = call?.machine, !machine.isLastTarget else { return fail(with: error, &env, &actions) }
        trace.add(.unfit, machine.target)
        call?.machine.skip(to: machine.target + 1)
        beginAttempt(&env, &actions)
    }
}

/// A request in the dialect of its target, until its leg takes it over.
struct TranslatedRequest {
    let request: UpstreamRequest
    let dropped: [String]
    let translation: Translation
}

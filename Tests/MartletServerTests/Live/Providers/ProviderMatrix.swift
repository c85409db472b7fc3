import Foundation
import MartletCore
import MartletDialects
import MartletProviders
import MartletTesting

/// A way in for callers.
struct MatrixSurface: Sendable {
    let path: String
    /// The format of answers.
    let dialect: Dialect
    /// A request, but for the model and whether to stream.
    let members: String

    static let all: [MatrixSurface] = [
        .init("/v1/chat/completions", .openAIChat, #""messages":[{"role":"user","content":"Hi"}]"#),
        .init("/v1/responses", .openAIResponses, #""input":"Hi""#),
        .init("/v1/messages", .anthropicMessages, #""max_tokens":64,"messages":[{"role":"user","content":"Hi"}]"#),
        .init("/api/chat", .ollamaChat, #""messages":[{"role":"user","content":"Hi"}]"#),
        .init("/api/generate", .ollamaGenerate, #""prompt":"Hi""#),
        .init("/v1/completions", .openAICompletions, #""prompt":"Hi","max_tokens":64"#),
        .init("/chat", .simpleChat, #""message":"Hi""#),
    ]

    private init(_ path: String, _ dialect: Dialect, _ members: String) {
        (self.path, self.dialect, self.members) = (path, dialect, members)
    }

    /// The text of an answer, read by the surface's own codec.
    func text(_ answer: RawResponse, stream: Bool) throws -> String {
        guard let codec = dialect.codec(CodecSettings(account: "matrix")) else { return "" }
        guard stream else { return try codec.decodeResponse(answer.body).choices.first?.message.text ?? "" }
        return try Self.text(answer.body, codec)
    }

    private static func text(_ body: [UInt8], _ codec: some ChatCodec) throws -> String {
        var decoder = codec.makeStreamDecoder()
        var chunks: [ChatChunk] = []
        try decoder.decode(body.span, into: &chunks)
        try decoder.finish(into: &chunks)
        return chunks.flatMap(\.choices).compactMap(\.content).joined()
    }
}

/// A server that speaks the formats of a provider, each by its own codec, and always says the same.
struct MatrixServer: Sendable {
    static let text = "Hello from upstream."
    static let model = "up-model"
    static let key = "matrix-key-0123456789"

    let descriptor: ProviderDescriptor

    /// The configuration of a gateway in front of it, which has it as model `m`.
    func toml(at upstream: ScriptedUpstream) -> String {
        let path = descriptor.basePath == nil ? "/v1" : ""
        let key = descriptor.credential == .none ? "" : #"api_key_location = "env::MATRIX_KEY""#
        return """
            [reliability]
            retry = { base_delay_s = 0.001 }
            [gateway.providers.up]
            type = "\(descriptor.kind)"
            base_url = "http://127.0.0.1:\(upstream.port)\(path)"
            \(key)
            [models.m]
            routing = ["up"]
            [models.m.providers.up]
            model_name = "\(Self.model)"
            """
    }

    /// What it answers.
    func script(_ request: ReceivedRequest) -> UpstreamScript {
        let target = request.requestLine.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        if let (dialect, _) = dialects.compactMap({ dialect in dialect.embeddingPath.map { (dialect, $0) } })
            .first(where: { target.contains($0.1) }), descriptor.hasEmbeddings,
            let codec = dialect.embeddingCodec(CodecSettings(account: "matrix"))
        {
            return answer("application/json", Self.vectors(request, codec))
        }
        guard let (dialect, stream) = spoken(target, request),
            let codec = dialect.codec(CodecSettings(account: "matrix"))
        else { return UpstreamScript([.close]) }
        return answer(stream ? dialect.streamType : "application/json", Self.chat(stream, codec))
    }

    private var dialects: [Dialect] { [descriptor.dialect] + descriptor.otherDialects }

    /// The format of a request and whether its answer is a stream, by the path or by the body.
    private func spoken(_ target: String, _ request: ReceivedRequest) -> (Dialect, Bool)? {
        var best: (dialect: Dialect, stream: Bool, length: Int)?
        for dialect in dialects {
            let paths = [false, true].map { dialect.chatPath(model: Self.model, stream: $0) }
            for (path, stream) in zip(paths, [false, true])
            where target.contains(path) && path.count > best?.length ?? 0 {
                best = (dialect, paths[0] == paths[1] ? request.wantsStream : stream, path.count)
            }
        }
        return best.map { ($0.dialect, $0.stream) }
    }

    private func answer(_ type: String, _ body: [UInt8]) -> UpstreamScript {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: \(type)\r\ncontent-length: \(body.count)\r\n\r\n"
        return UpstreamScript([.write(Array(head.utf8) + body)])
    }

    private static func chat(_ stream: Bool, _ codec: some ChatCodec) -> [UInt8] {
        let usage = ChatUsage(Usage(inputTokens: 3, outputTokens: 5))
        guard stream else {
            let message = ChatMessage(role: .assistant, text: text)
            let choice = ChatResponse.Choice(index: 0, message: message, finishReason: .stop)
            return codec.encodeResponse(
                ChatResponse(id: "up-1", created: 1_790_000_000, model: model, choices: [choice], usage: usage)
            )
        }
        var encoder = codec.makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        var chunks = text.split(separator: " ", omittingEmptySubsequences: false).enumerated().map { index, word in
            ChatChunk.Choice(role: index == 0 ? .assistant : nil, content: index == 0 ? String(word) : " " + word)
        }
        chunks.append(ChatChunk.Choice(finishReason: .stop))
        for choice in chunks {
            let chunk = ChatChunk(id: "up-1", created: 1_790_000_000, model: model, choices: [choice])
            encoder.encode(chunk, into: &bytes)
        }
        encoder.encode(ChatChunk(id: "up-1", created: 1_790_000_000, model: model, usage: usage), into: &bytes)
        encoder.finish(into: &bytes)
        return bytes
    }

    private static func vectors(_ request: ReceivedRequest, _ codec: some EmbeddingCodec) -> [UInt8] {
        guard let asked = try? codec.decodeRequest(request.body) else { return [] }
        let vectors = asked.inputs.indices.map { EmbeddingVector.floats([Float($0), 0.5]) }
        let response = EmbeddingResponse(model: model, vectors: vectors, usage: Usage(inputTokens: 3, outputTokens: 0))
        return (try? codec.encodeResponse(response, to: asked, model: model)) ?? []
    }
}

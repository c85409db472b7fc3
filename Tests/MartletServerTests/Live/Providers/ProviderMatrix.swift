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
    /// A model that makes vectors.
    let embedder: String

    init(_ descriptor: ProviderDescriptor) {
        self.descriptor = descriptor
        let listed = ModelRegistry.builtIn.models(at: descriptor.priceList).first { $0.kind == .embedding }
        embedder = listed?.upstreamModel ?? "up-embedder"
    }

    /// The configuration of a gateway in front of it, which has it as model `m`, and its vectors as model `v`.
    func toml(at upstream: ScriptedUpstream) -> String {
        let path = descriptor.basePath == nil && descriptor.place == nil ? "/v1" : ""
        return """
            [reliability]
            retry = { base_delay_s = 0.001 }
            [gateway.providers.up]
            type = "\(descriptor.kind)"
            base_url = "http://127.0.0.1:\(upstream.port)\(path)"
            \(account)
            [models.m.providers.up]
            model_name = "\(Self.model)"
            [models.v.providers.up]
            model_name = "\(embedder)"
            """
    }

    /// What the account needs besides, by the way its requests show who sends them.
    private var account: String {
        let key = #"api_key_location = "env::MATRIX_KEY""#
        switch descriptor.scheme {
        case .field, .entra: return descriptor.credential == .none ? "" : key
        case .google: return key + "\nproject_id = \"p\"\nlocation = \"us-central1\""
        case .awsSigV4:
            return #"""
                region = "us-east-1"
                access_key_id = "env::MATRIX_ID"
                secret_access_key = "env::MATRIX_KEY"
                """#
        }
    }

    /// The variables it reads.
    func environment(at upstream: ScriptedUpstream) -> [String: String] {
        var variables = ["MATRIX_KEY": Self.key, "MATRIX_ID": "AKIDMATRIX"]
        if case .google = descriptor.scheme {
            variables["MATRIX_KEY"] = """
                {"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r",\
                "token_uri":"http://127.0.0.1:\(upstream.port)/token"}
                """
        }
        return variables
    }

    /// Whether a request shows who sends it.
    func isSigned(_ request: ReceivedRequest) -> Bool {
        switch descriptor.scheme {
        case .field, .entra:
            return descriptor.credential == .none
                || request.values(of: descriptor.authHeader) == [descriptor.authPrefix + Self.key]
        case .google: return request.values(of: "authorization") == ["Bearer matrix-token"]
        case .awsSigV4:
            let values = request.values(of: "authorization")
            return values.count == 1 && values[0].hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDMATRIX/")
        }
    }

    /// Whether it makes vectors.
    var hasEmbeddings: Bool { descriptor.hasEmbeddings && embeddingCodec(descriptor.dialect) != nil }

    private func settings(_ model: String) -> CodecSettings {
        var settings = CodecSettings(account: "matrix")
        settings.model = model
        settings.isVertex = descriptor.hasVertexEmbeddings
        return settings
    }

    private func embeddingCodec(_ dialect: Dialect) -> (any EmbeddingCodec)? {
        dialect.embeddingCodec(settings(embedder))
    }

    /// What it answers.
    func script(_ request: ReceivedRequest) -> UpstreamScript {
        let target = request.requestLine.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        if target == "/token" {
            let token = #"{"access_token":"matrix-token","expires_in":3600,"token_type":"Bearer"}"#
            return answer("application/json", Array(token.utf8))
        }
        let isVertex = descriptor.hasVertexEmbeddings
        if let path = descriptor.dialect.embeddingPath(model: embedder, isVertex: isVertex), target.hasSuffix(path),
            let codec = embeddingCodec(descriptor.dialect)
        {
            return answer("application/json", Self.vectors(request, codec))
        }
        guard let (dialect, stream) = spoken(target, request), let codec = dialect.codec(settings(Self.model)) else {
            return UpstreamScript([.close])
        }
        return answer(stream ? dialect.streamType : "application/json", Self.chat(stream, codec))
    }

    /// The format of a request and whether its answer is a stream, by the path or by the body.
    private func spoken(_ target: String, _ request: ReceivedRequest) -> (Dialect, Bool)? {
        var best: (dialect: Dialect, stream: Bool, length: Int)?
        for dialect in [descriptor.dialect] + descriptor.otherDialects {
            let paths = [false, true].map { dialect.chatPath(model: Self.model, stream: $0) }
            for (path, stream) in zip(paths, [false, true])
            where target.hasSuffix(path) && path.count > best?.length ?? 0 {
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

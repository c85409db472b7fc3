public import MartletCore
import MartletWire

/// The wire format of OpenAI's chat completions, in both directions.
public struct OpenAIChatCodec: ChatCodec {
    /// Whether streams are asked for their usage, which is counted whoever the caller is; `nil` leaves that to the request.
    public var asksForUsage: Bool?
    /// How the server that is written for, and whose answers are read, differs from OpenAI's; `nil` not at all.
    public var quirks: ChatQuirks?
    /// The name of the account, which reasoning that must come back is marked with.
    public var origin: String?

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - asksForUsage: Whether streams are asked for their usage, which is counted whoever the caller is; `nil` leaves
    ///     that to the request.
    ///   - quirks: How the server that is written for, and whose answers are read, differs from OpenAI's.
    ///   - origin: The name of the account, which reasoning that must come back is marked with.
    public init(asksForUsage: Bool? = nil, quirks: ChatQuirks? = nil, origin: String? = nil) {
        self.asksForUsage = asksForUsage
        self.origin = origin
        self.quirks = quirks
    }

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, `missing_required_parameter`, or `invalid_value`
    ///   with the field's path as `param`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded(requiring: ["messages"]) { (view) throws(JSONFieldError) in try ChatRequest(openAI: view) }
    }

    /// Encodes a request body for an upstream, without the members that speak to the gateway.
    ///
    /// Nothing of a request in this dialect is dropped; what only another has is named.
    ///
    /// - Throws: ``GatewayError`` for what a request of another dialect holds and this one has no form for.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        guard request.dialect == .anthropicMessages else {
            var dropped = DroppedPaths()
            var request = request.withoutForeignMembers(&dropped)
            askForUsage(&request)
            let foreign = request.restoreDetails(for: detailsAccount)
            return changed(
                EncodedRequest(body: request.openAIBody(withGateway: false), dropped: dropped.paths + foreign),
                request.dialect
            )
        }
        var portable = try AnthropicPortableRequest(request, for: .openAIChat)
        var written = portable.request
        portable.add(written.restoreDetails(for: detailsAccount))
        askForUsage(&written)
        let encoded = EncodedRequest(
            body: written.openAIBody(withGateway: false),
            dropped: portable.dropped.paths,
            renamedTools: portable.renamedTools
        )
        return changed(encoded, request.dialect)
    }

    /// The account whose lists of reasoning go back to it; `nil` where the server has none.
    private var detailsAccount: String? { quirks?.returnsReasoningDetails == true ? origin : nil }

    /// Makes the changes that the server needs.
    private func changed(_ encoded: EncodedRequest, _ caller: Dialect) -> EncodedRequest {
        guard let quirks, quirks.touchesRequests else { return encoded }
        var encoded = encoded
        let changed = OpenAIChatQuirkEdits.changed(encoded.body, quirks)
        encoded.body = changed.body
        for path in changed.dropped {
            let path = caller == .openAIChat ? path : Self.foreignPath(path)
            if !encoded.dropped.contains(path) { encoded.dropped.append(path) }
        }
        return encoded
    }

    /// A path of what was written, as far as it says something to a caller whose body has another form.
    private static func foreignPath(_ path: String) -> String {
        path.hasPrefix("messages[") ? "messages" : path.replacing(".function.", with: ".")
    }

    /// Usage is counted whether the caller's own format asks for it or not.
    private func askForUsage(_ request: inout ChatRequest) {
        guard let asksForUsage else { return }
        guard asksForUsage, request.stream == true else {
            request.streamOptions = nil
            return
        }
        request.streamOptions = request.streamOptions ?? ChatStreamOptions()
        request.streamOptions?.includeUsage = true
    }

    /// Encodes a request body for a gateway, with the members that speak to it.
    public func encodeGatewayRequest(_ request: ChatRequest) -> [UInt8] { request.openAIBody(withGateway: true) }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(answer: view) { throw .upstream(failure) }
            guard view.member("choices")?.kind == .array, let reader = try? JSONObjectReader(view) else {
                throw .malformed("the answer has no choices")
            }
            var response = ChatResponse(openAI: reader)
            if quirks?.thinksInTags == true { response.takeThinkTags() }
            if let detailsAccount { response.sealDetails(origin: detailsAccount) }
            return response
        }
    }

    /// Whether answers tell any reason to stop by its own name: they do.
    public var tellsAnyReason: Bool { true }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.openAIBody() }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(openAI: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OpenAIChatError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OpenAIChatError.encode(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> OpenAIChatStreamDecoder {
        OpenAIChatStreamDecoder(quirks: quirks, detailsAccount: detailsAccount)
    }

    /// Makes an encoder for one stream.
    public func makeStreamEncoder(includeUsage: Bool) -> OpenAIChatStreamEncoder {
        OpenAIChatStreamEncoder(includeUsage: includeUsage)
    }
}

public import MartletCore
import MartletWire

/// OpenAI's chat completions in the envelope of an Amazon SageMaker endpoint, in both directions.
///
/// The endpoint stands in the path; body and whole answers are the container's own; its event stream comes in frames of
/// `application/vnd.amazon.eventstream`, cut anywhere.
///
/// - SeeAlso: Amazon SageMaker Runtime API reference, `InvokeEndpoint` and `InvokeEndpointWithResponseStream` (service
///   model of 2017-05-13, read November 2026).
public struct SageMakerChatCodec: ChatCodec {
    /// What runs behind the endpoint.
    public var container: SageMakerContainer
    /// What the container calls its model; `nil` keeps the endpoint's name, which most take.
    public var model: String?
    private let inner: OpenAIChatCodec

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - container: What runs behind the endpoint.
    ///   - model: What the container calls its model.
    ///   - asksForUsage: Whether streams are asked for their usage.
    public init(container: SageMakerContainer = .openAI, model: String? = nil, asksForUsage: Bool = true) {
        self.container = container
        // What the server in the container calls any model, no provider.
        self.model = model ?? (container == .tgi ? "tgi" : nil)
        inner = OpenAIChatCodec(asksForUsage: container == .openAI && asksForUsage, quirks: container.quirks)
    }

    /// Decodes a request body.
    ///
    /// - Throws: As ``OpenAIChatCodec/decodeRequest(_:)``.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest { try inner.decodeRequest(body) }

    /// Encodes a request body for an upstream, without what the container refuses, which is named.
    ///
    /// - Throws: As ``OpenAIChatCodec/encodeRequest(_:)``; for streams with tools to a container that garbles them.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        var request = request
        var dropped = DroppedPaths()
        if container == .tgi, request.stream == true, request.tools?.isEmpty == false {
            throw .unsupported("tools", "This container calls no tools in streams; ask without `stream`.")
        }
        if let model { request.model = model }
        if container == .tgi { Self.fitToTGI(&request, &dropped) }
        var encoded = try inner.encodeRequest(request)
        encoded.dropped = dropped.paths + encoded.dropped.filter { !dropped.paths.contains($0) }
        if request.stream == true { encoded.headers.append(.init("x-amzn-sagemaker-accept", "text/event-stream")) }
        return encoded
    }

    /// Members that the container does not know.
    ///
    /// - SeeAlso: Text Generation Inference, "Messages API".
    private static let unknownToTGI: Set<String> = ["service_tier", "store", "safety_identifier", "prediction"]

    private static func fitToTGI(_ request: inout ChatRequest, _ dropped: inout DroppedPaths) {
        if let newer = request.limits.maxCompletionTokens {
            if let older = request.limits.maxTokens, older != newer { dropped.add("max_tokens") }
            request.limits = ChatLimits(maxTokens: newer)
        }
        // Older versions refuse the coldest temperature; this one is as good as it.
        if request.sampling.temperature == 0 { request.sampling.temperature = 0.01 }
        if request.parallelToolCalls == true { dropped.add("parallel_tool_calls") }
        // It never makes several calls in one turn.
        request.parallelToolCalls = nil
        if request.user != nil { dropped.add("user") }
        if request.reasoningEffort != nil { dropped.add("reasoning_effort") }
        for pair in request.metadata ?? [] { dropped.add(pair.name, in: "metadata") }
        (request.user, request.reasoningEffort, request.metadata) = (nil, nil, nil)
        request.extra = request.extra.filter { member in
            guard unknownToTGI.contains(member.name) else { return true }
            if !member.saysNothing { dropped.add(member.name) }
            return false
        }
    }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        var response = try inner.decodeResponse(body)
        for index in response.choices.indices {
            response.choices[index].finishReason = response.choices[index].finishReason.map(Self.reason)
        }
        return response
    }

    /// A container's own word for a stop text that was met.
    static func reason(_ reason: FinishReason) -> FinishReason { reason == .other("stop_sequence") ? .stop : reason }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { inner.encodeResponse(response) }

    /// Reads what an upstream said about a failure: the service itself, or the container through it.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(sageMaker: body) }

    /// Encodes an error body for a caller: `{"message":"text"}`.
    public func encodeError(_ error: GatewayError) -> [UInt8] { BedrockError.encode(error.message) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        BedrockError.encode(failure.message)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> SageMakerStreamDecoder { SageMakerStreamDecoder() }

    /// Makes an encoder for one stream.
    public func makeStreamEncoder(includeUsage: Bool) -> SageMakerStreamEncoder {
        SageMakerStreamEncoder(includeUsage: includeUsage)
    }
}

extension UpstreamFailure {
    /// Reads an error body of SageMaker; where the container answered with an error, what it said.
    init(sageMaker body: [UInt8]) {
        self.init(bedrock: body)
        guard let document = try? JSONDocument(body) else { return }
        document.withView { view in
            guard let original = view.member("OriginalMessage")?.string() else { return }
            let said = UpstreamFailure(openAI: Array(original.utf8))
            if !said.message.isEmpty { self = said }
            guard code == nil, let status = view.member("OriginalStatusCode")?.int64(), 400..<600 ~= status else {
                return
            }
            code = String(status)
        }
    }
}

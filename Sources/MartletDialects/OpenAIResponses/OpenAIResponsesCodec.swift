public import MartletCore
import MartletWire

/// The wire format of OpenAI's responses, in both directions.
///
/// - SeeAlso: OpenAI API reference, "Responses" and "Responses streaming".
public struct OpenAIResponsesCodec: ChatCodec {
    /// The name of the account, which decoded reasoning is marked with.
    ///
    /// Reasoning with another account's mark is not sent: its maker alone can read it. `nil` marks and checks nothing.
    public var origin: String?
    /// What answers repeat of the request they are for.
    public var context: CallerContext?

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - origin: The name of the account, which decoded reasoning is marked with.
    ///   - context: What answers repeat of the request they are for; only encoding of answers needs it.
    public init(origin: String? = nil, context: CallerContext? = nil) {
        self.origin = origin
        self.context = context
    }

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, `missing_required_parameter`, or `invalid_value`
    ///   with the field's path as `param`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(body)
        } catch {
            throw GatewayError(error)
        }
        return try document.withView { (view) throws(GatewayError) in
            guard view.kind == .object else {
                throw GatewayError(.invalidValue, "The request body must be a JSON object.")
            }
            do throws(JSONFieldError) {
                return try ChatRequest(responses: view)
            } catch {
                throw GatewayError(error)
            }
        }
    }

    /// Encodes a request body for an upstream.
    ///
    /// A request in this dialect passes as it is. For one in another dialect, what has no form here is dropped and
    /// named, as long as the caller still gets what was asked for.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for what cannot be left out (several answers, sound, texts
    ///   that end the answer), `invalid_value` for what no upstream would take.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        var encoder = OpenAIResponsesRequestEncoder(request, origin: origin)
        return try encoder.encode()
    }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(body)
        } catch {
            throw .malformed(error.description)
        }
        return try document.withView { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(responsesAnswer: view) { throw .upstream(failure) }
            guard view.member("output")?.kind == .array, let reader = try? JSONObjectReader(view) else {
                throw .malformed("the answer has no output")
            }
            return ChatResponse(responses: reader, origin: origin)
        }
    }

    /// Encodes a whole answer; of several answers the first.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { answer(response).body }

    /// Encodes a whole answer and keeps its parts, for a store of responses; of several answers the first.
    public func answer(_ response: ChatResponse) -> OpenAIResponsesAnswer {
        OpenAIResponsesAnswer(response, context: context)
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(openAI: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OpenAIChatError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OpenAIChatError.encode(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> OpenAIResponsesStreamDecoder { OpenAIResponsesStreamDecoder(origin: origin) }

    /// Makes an encoder for one stream; this dialect always tells the usage.
    public func makeStreamEncoder(includeUsage: Bool) -> OpenAIResponsesStreamEncoder {
        OpenAIResponsesStreamEncoder(context: context)
    }
}

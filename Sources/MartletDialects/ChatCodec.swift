public import MartletCore

/// Decodes and encodes one wire format in both directions, so that it can be a client surface and an upstream format.
///
/// Pure: the same functions serve live traffic, tests, replay and fuzzing.
public protocol ChatCodec: Sendable {
    /// Turns stream bytes into chunks.
    associatedtype StreamDecoder: ChatStreamDecoder
    /// Turns chunks into stream bytes.
    associatedtype StreamEncoder: ChatStreamEncoder

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError`` that names the offending field.
    func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest
    /// Encodes a request body for an upstream, without the members that speak to the gateway.
    ///
    /// What the dialect cannot carry is named in the result.
    ///
    /// - Throws: ``GatewayError`` when leaving it out would change what the caller gets, with the member as `param`.
    func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest
    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure`` when it is no answer.
    func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse
    /// Reads the usage of a whole answer that ``decodeResponse(_:)`` refuses, or that says nothing; `nil` when it tells
    /// none.
    func usage(ofRefused body: [UInt8]) -> Usage?
    /// Whether every whole answer of the format says why it ended, so that one that does not is not complete.
    var tellsWhyItEnds: Bool { get }
    /// Whether answers tell any reason to stop by its own name, so that a caller can see one that means a failure.
    var tellsAnyReason: Bool { get }
    /// Encodes a whole answer.
    func encodeResponse(_ response: ChatResponse) -> [UInt8]
    /// Reads what an upstream said about a failure, in whatever shape.
    func decodeFailure(_ body: [UInt8]) -> UpstreamFailure
    /// Whether callers of the format understand an error body of an upstream that speaks it; mostly they do.
    func passesFailure(_ body: [UInt8]) -> Bool
    /// Encodes an error body for a caller.
    func encodeError(_ error: GatewayError) -> [UInt8]
    /// Encodes what an upstream of another dialect said about a failure, for a caller who is shown the upstream's status.
    func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8]
    /// Makes a decoder for one stream.
    func makeStreamDecoder() -> StreamDecoder
    /// Makes an encoder for one stream.
    ///
    /// - Parameter includeUsage: Whether the caller asked for usage.
    func makeStreamEncoder(includeUsage: Bool) -> StreamEncoder
}

extension ChatCodec {
    /// Whether callers of the format understand an error body of an upstream that speaks it: all of them.
    public func passesFailure(_ body: [UInt8]) -> Bool { true }

    /// Whether every whole answer of the format says why it ended: not all do, for all that is known.
    public var tellsWhyItEnds: Bool { false }

    /// Whether answers tell any reason to stop by its own name: most formats have a list of their own.
    public var tellsAnyReason: Bool { false }
}

/// Turns stream bytes into chunks, however they are cut into reads.
public protocol ChatStreamDecoder: Sendable {
    /// Decodes one read and appends the chunks that are complete.
    ///
    /// - Throws: ``ChatFailure``; a failed decoder repeats its failure.
    mutating func decode(_ read: borrowing Span<UInt8>, into chunks: inout [ChatChunk]) throws(ChatFailure)
    /// Whether the mark that ends a stream was seen, so that nothing more can come.
    var isComplete: Bool { get }
    /// Says that no more bytes come.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete.
    mutating func finish() throws(ChatFailure)
    /// Says that no more bytes come, and decodes what only their end makes complete.
    ///
    /// - Throws: As ``finish()``.
    mutating func finish(into chunks: inout [ChatChunk]) throws(ChatFailure)
}

extension ChatStreamDecoder {
    /// Says that no more bytes come; most formats leave nothing to decode at the end.
    public mutating func finish(into chunks: inout [ChatChunk]) throws(ChatFailure) { try finish() }
}

/// Turns chunks into stream bytes.
public protocol ChatStreamEncoder: Sendable {
    /// Appends a chunk's bytes.
    mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8])
    /// Appends what ends the stream well.
    mutating func finish(into output: inout [UInt8])
    /// Appends what ends the stream with an error.
    mutating func fail(_ error: GatewayError, into output: inout [UInt8])
}

/// Why an upstream's bytes are no answer.
public enum ChatFailure: Error, Hashable, Sendable {
    /// The bytes break the format; the text says how and shows none of them.
    case malformed(String)
    /// The upstream reported a failure in place of an answer, or in the middle of one.
    case upstream(UpstreamFailure)
    /// The bytes ended before the answer did.
    case cut
}

extension ChatFailure {
    /// The failure as a caller sees it in the middle of a stream; without any text of the upstream.
    public var interruption: GatewayError {
        switch self {
        case .malformed: GatewayError(.streamInterrupted, "The upstream sent an event that cannot be read.")
        case .upstream: GatewayError(.streamInterrupted, "The upstream reported an error in the middle of its answer.")
        case .cut: GatewayError(.streamInterrupted, "The upstream's answer ended before it was complete.")
        }
    }
}

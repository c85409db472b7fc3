public import MartletCore
import MartletWire

/// Encodes chunks as a stream of frames, each of which holds one event of Anthropic's stream in base64.
public struct BedrockAnthropicStreamEncoder: ChatStreamEncoder {
    private var inner = AnthropicMessagesStreamEncoder()

    /// Makes an encoder for one stream.
    public init() {}

    /// Appends a chunk's frames.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        var events: [UInt8] = []
        inner.encode(chunk, into: &events)
        Self.wrap(events, into: &output)
    }

    /// Appends what ends the stream well.
    public mutating func finish(into output: inout [UInt8]) {
        var events: [UInt8] = []
        inner.finish(into: &events)
        Self.wrap(events, into: &output)
    }

    /// Appends what ends the stream with an error.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        AWSEventMessage(exception: "modelStreamErrorException", payload: BedrockError.encode(error.message))
            .append(to: &output)
    }

    /// Puts events into frames.
    private static func wrap(_ events: [UInt8], into output: inout [UInt8]) {
        var parser = SSEParser()
        // They were written just now.
        for event in (try? parser.feed(events)) ?? [] {
            var writer = JSONWriter(reserving: event.data.count * 2)
            writer.object { writer in
                writer.key("bytes")
                writer.string(Base64.encode(event.data))
            }
            AWSEventMessage(event: "chunk", payload: writer.bytes).append(to: &output)
        }
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

/// Puts lines of events into frames: `name payload`, an exception with `!` in front.
func eventFrames(_ lines: String) -> [UInt8] {
    var stream: [UInt8] = []
    for line in lines.split(separator: "\n") {
        let parts = line.split(separator: " ", maxSplits: 1)
        let payload = Array((parts.count > 1 ? parts[1] : "").utf8)
        let message =
            parts[0].hasPrefix("!")
            ? AWSEventMessage(exception: String(parts[0].dropFirst()), payload: payload)
            : AWSEventMessage(event: String(parts[0]), payload: payload)
        message.append(to: &stream)
    }
    return stream
}

@Suite("Converse streams") struct ConverseStreamTests {
    private static let codec = BedrockConverseCodec(origin: "here", model: "m")

    /// The sequence that the service's documentation shows, with pieces of text and padding of several lengths.
    private static let example = #"""
        messageStart {"role":"assistant","p":"abcd"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Need "}},"p":"a"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"clock."}},"p":"abc"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"EqQB"}}}
        contentBlockStop {"contentBlockIndex":0}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"Check"},"p":"ab"}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"ing \"☃\"\u00e9"},"p":"abcdef"}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"."},"p":""}
        contentBlockStop {"contentBlockIndex":1}
        aLaterInvention {"contentBlockIndex":9}
        contentBlockStart {"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"get_time"}}}
        contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"tz\":"}}}
        contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"\"UTC\"}"}}}
        contentBlockStop {"contentBlockIndex":2}
        contentBlockStart {"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"tooluse_2","name":"now"}}}
        messageStop {"stopReason":"tool_use"}
        metadata {"usage":{"inputTokens":12,"outputTokens":41,"totalTokens":2101,"cacheReadInputTokens":2048,"cacheWriteInputTokens":0},"metrics":{"latencyMs":812}}
        """#

    @Test(arguments: [(9 << 20, true), (25_165_824, true), (25_165_825, false)])
    func `take frames as large as the format has them`(length: Int, isFine: Bool) {
        let (before, after) = (#"{"contentBlockIndex":0,"delta":{"text":""#, #""}}"#)
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: length - before.utf8.count - after.utf8.count)
        var stream: [UInt8] = []
        AWSEventMessage(event: "contentBlockDelta", payload: Array(before.utf8) + text + Array(after.utf8))
            .append(to: &stream)
        stream += eventFrames(#"messageStop {"stopReason":"end_turn"}"#)
        let half = stream.count / 2
        let (chunks, failure) = decoded([Array(stream[..<half]), Array(stream[half...])], with: Self.codec)
        if isFine {
            #expect(failure == nil && accumulated(chunks).choices.first?.message.text.utf8.count == text.count)
        } else {
            #expect(failure == .malformed("a frame of the stream is over its limit") && chunks.isEmpty)
        }
    }

    @Test func `become chunks, however they are cut`() throws {
        let bytes = eventFrames(Self.example)
        for reads in cuts(of: bytes) {
            let (chunks, failure) = decoded(reads, with: Self.codec)
            #expect(failure == nil)
            let response = accumulated(chunks)
            let message = try #require(response.choices.first?.message)
            #expect(
                message.parts == [
                    .reasoning(ChatReasoning("Need clock.", signature: "EqQB", origin: "here")),
                    .text(ChatText("Checking \"☃\"é.")),
                    .toolCall(ChatToolCall(id: "tooluse_1", name: "get_time", arguments: #"{"tz":"UTC"}"#)),
                    .toolCall(ChatToolCall(id: "tooluse_2", name: "now", arguments: "{}")),
                ]
            )
            #expect(response.choices[0].finishReason == .toolCalls && response.model == "m")
            let usage = Usage(inputTokens: 2_060, outputTokens: 41, cacheReadTokens: 2_048, cacheWriteTokens: 0)
            #expect(response.usage?.counts == usage)
        }
    }

    @Test func `come through the codec unchanged`() {
        let chunks = decoded([eventFrames(Self.example)], with: Self.codec).chunks
        var encoder = Self.codec.makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        let again = decoded([bytes], with: Self.codec)
        #expect(again.failure == nil && accumulated(again.chunks) == accumulated(chunks))
    }

    @Test func `become those of the callers' formats`() throws {
        let chunks = decoded([eventFrames(Self.example)], with: Self.codec).chunks
        let openAI = encoded(chunks, with: OpenAIChatCodec().makeStreamEncoder(includeUsage: true))
        #expect(openAI.contains(#""content":"Check""#) && openAI.contains(#""finish_reason":"tool_calls""#))
        #expect(openAI.contains(#""prompt_tokens":2060"#) && openAI.hasSuffix("data: [DONE]\n\n"))
        let caller = AnthropicMessagesCodec(context: callerContext())
        let anthropic = encoded(chunks, with: caller.makeStreamEncoder(includeUsage: true))
        let again = decoded([Array(anthropic.utf8)], with: AnthropicMessagesCodec())
        #expect(again.failure == nil)
        #expect(accumulated(again.chunks).choices[0].message.text == "Checking \"☃\"é.")
        #expect(anthropic.contains(#""signature":"EqQB""#))
    }

    @Test func `end with the reason where their usage does not come`() {
        let bytes = eventFrames(
            #"""
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hi"}}
            messageStop {"stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"x"}}
            """#
        )
        let (chunks, failure) = decoded([bytes], with: Self.codec)
        let choice = accumulated(chunks).choices.first
        #expect(failure == nil && choice?.finishReason == .stop && choice?.stopSequence == "x")
        #expect(choice?.vendorReason == "stop_sequence")
        #expect(decoded([Array(bytes.dropLast())], with: Self.codec).failure == .cut)
    }

    @Test func `with an exception end in it, with the status it stands for`() {
        for (name, status) in [("throttlingException", "429"), ("serviceUnavailableException", "503"), ("odd", "500")] {
            let bytes = eventFrames(
                """
                messageStart {"role":"assistant"}
                !\(name) {"message":"Too many requests"}
                messageStop {"stopReason":"end_turn"}
                """
            )
            let (chunks, failure) = decoded([bytes], with: Self.codec)
            let said = UpstreamFailure(message: "Too many requests", type: name, code: status)
            #expect(chunks.last?.error == said && failure == .upstream(said))
        }
        var bytes: [UInt8] = []
        let fields = [
            AWSEventHeader(":message-type", "error"), AWSEventHeader(":error-code", "InternalFailure"),
            AWSEventHeader(":error-message", "It broke."),
        ]
        AWSEventMessage(headers: fields).append(to: &bytes)
        #expect(decoded([bytes], with: Self.codec).chunks.last?.error?.message == "It broke.")
    }

    @Test func `of what nobody can read are failures unless something was said`() {
        let end = #"messageStop {"stopReason":"malformed_tool_use"}"#
        let start = #"messageStart {"role":"assistant"}"#
        let text = #"contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hi"}}"#
        let empty = decoded([eventFrames("\(start)\n\(end)")], with: Self.codec)
        #expect(empty.chunks.last?.error?.type == "malformed_tool_use")
        let choice = accumulated(decoded([eventFrames("\(start)\n\(text)\n\(end)")], with: Self.codec).chunks).choices[
            0
        ]
        #expect(choice.finishReason == .stop && choice.vendorReason == "malformed_tool_use")
    }

    @Test func `of what nobody can read tell what they used`() {
        let lines = #"""
            messageStart {"role":"assistant"}
            messageStop {"stopReason":"malformed_tool_use"}
            metadata {"usage":{"inputTokens":12,"outputTokens":41,"totalTokens":53}}
            """#
        let bytes = eventFrames(lines)
        for reads in cuts(of: bytes) {
            let (chunks, failure) = decoded(reads, with: Self.codec)
            guard case .upstream(let said)? = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            #expect(said.type == "malformed_tool_use" && chunks.last?.error == said)
            #expect(chunks.last?.usage?.counts == Usage(inputTokens: 12, outputTokens: 41))
        }
    }

    @Test func `with a broken frame are malformed from there on`() {
        var bytes = eventFrames(Self.example)
        bytes[bytes.count / 2] ^= 1
        let whole = decoded([bytes], with: Self.codec)
        guard case .malformed? = whole.failure else {
            Issue.record("\(String(describing: whole.failure))")
            return
        }
        for reads in cuts(of: bytes, seeds: 1...5) { #expect(decoded(reads, with: Self.codec) == whole) }
    }
}

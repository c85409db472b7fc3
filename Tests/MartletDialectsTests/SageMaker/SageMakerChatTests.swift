import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Chats of SageMaker's containers") struct SageMakerChatTests {
    private static let stream =
        #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":"#
        + #"{"role":"assistant","content":"Hé☃llo"},"finish_reason":null}]}"# + "\n\n"
        + #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"#
        + #""finish_reason":"stop_sequence"}]}"# + "\n\n"

    private func frames(_ text: String, pieces: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let data = Array(text.utf8)
        for start in stride(from: 0, to: data.count, by: pieces) {
            let piece = Array(data[start..<min(start + pieces, data.count)])
            AWSEventMessage(event: "PayloadPart", contentType: "application/octet-stream", payload: piece)
                .append(to: &bytes)
        }
        return bytes
    }

    @Test func `stream in pieces that are cut anywhere, with and without an end mark`() {
        for mark in ["", "data: [DONE]\n\n"] {
            for pieces in [1, 7, 100, 1_000] {
                for reads in cuts(of: frames(Self.stream + mark, pieces: pieces), seeds: 1...3) {
                    let (chunks, failure) = decoded(reads, with: SageMakerChatCodec())
                    let choice = accumulated(chunks).choices.first
                    #expect(failure == nil && choice?.message.text == "Hé☃llo" && choice?.finishReason == .stop)
                }
            }
        }
        #expect(
            decoded([frames(String(Self.stream.prefix(60)), pieces: 9)], with: SageMakerChatCodec()).failure == .cut
        )
        let broken = frames(Self.stream, pieces: 80) + eventFrames(#"!ModelStreamError {"Message":"It broke."}"#)
        let said = decoded([broken], with: SageMakerChatCodec()).failure
        #expect(said == .upstream(UpstreamFailure(message: "It broke.", type: "ModelStreamError", code: "424")))
    }

    @Test func `are fitted to the container`() throws {
        let body = #"""
            {"model":"endpoint","messages":[{"role":"user","content":"a"}],"max_completion_tokens":5,"temperature":0,
             "stream":true,"user":"u","store":true,"metadata":{"a":"b"},"vendor":1}
            """#
        let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
        let plain = try SageMakerChatCodec(model: "served").encodeRequest(request)
        let members = try leaves(plain.body)
        #expect(members[".model"] == "\"served" && members[".max_completion_tokens"] == "5.0")
        #expect(members[".stream_options.include_usage"] == "true" && plain.dropped.isEmpty)
        #expect(plain.headers == [EncodedRequest.Header("x-amzn-sagemaker-accept", "text/event-stream")])
        let tgi = try SageMakerChatCodec(container: .tgi).encodeRequest(request)
        let expected = #"""
            {"model":"tgi","messages":[{"role":"user","content":"a"}],"max_tokens":5,"temperature":0.01,"stream":true,
             "vendor":1}
            """#
        #expect(try canonical(tgi.body) == canonical(Array(expected.utf8)))
        #expect(tgi.dropped == ["user", "metadata.a", "store"])
    }

    @Test func `tell what the container said of an error`() {
        let body = #"""
            {"Message":"Received client error","OriginalStatusCode":422,"LogStreamArn":"arn",
             "OriginalMessage":"{\"error\":{\"message\":\"no such thing\",\"type\":\"invalid\"}}"}
            """#
        let failure = SageMakerChatCodec().decodeFailure(Array(body.utf8))
        #expect(failure == UpstreamFailure(message: "no such thing", type: "invalid", code: "422"))
        let own = SageMakerChatCodec().decodeFailure(Array(#"{"Message":"Endpoint x not found."}"#.utf8))
        #expect(own == UpstreamFailure(message: "Endpoint x not found."))
    }
}

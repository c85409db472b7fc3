import Testing

@testable import MartletCommand

@Suite struct ChatStreamTests {
    private let whole = """
        : hello

        data: {"choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"}}]}

        data: {"choices":[{"index":0,"delta":{"content":"Grü"}}]}\r
        \r
        data: {"choices":[{"index":0,
        data: "delta":{"content":"ße"},"finish_reason":"stop"}]}

        data: [DONE]


        """

    @Test func `the text is the same however the stream is cut`() throws {
        let bytes = Array(whole.utf8)
        for cut in 0...bytes.count {
            var stream = ChatStream()
            var text = ""
            var reasoning = ""
            var lines: [[UInt8]] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                try stream.feed(Array(part)) { part in
                    text += part.delta.text
                    reasoning += part.delta.reasoning
                    lines.append(part.json)
                }
            }
            try stream.finish()
            #expect(text == "Grüße")
            #expect(reasoning == "hm")
            #expect(lines.count == 3)
            #expect(lines.allSatisfy { !$0.contains(0x0A) && !$0.contains(0x0D) })
        }
    }

    @Test func `a stream without its end is a provider's failure`() throws {
        var stream = ChatStream()
        try stream.feed(Array("data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n".utf8)) { _ in }
        let error = #expect(throws: CommandFailure.self) { try stream.finish() }
        #expect(error?.status == .providerFailed)
    }

    @Test func `a finish reason without the end mark is an end`() throws {
        var stream = ChatStream()
        try stream.feed(Array("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n".utf8)) { _ in }
        try stream.finish()
        #expect(stream.finishReason == "length")
    }

    @Test(arguments: [
        (
            "{\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"code\":\"stream_interrupted\"}}",
            ExitReason.providerFailed
        ),
        ("{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}", .limitReached),
        ("{\"error\":\"text only\"}", .providerFailed),
        ("not json", .providerFailed),
    ])
    func `an error in the stream ends it with the exit code of its kind`(data: String, expected: ExitReason) {
        var stream = ChatStream()
        let error = #expect(throws: CommandFailure.self) { try stream.feed(Array("data: \(data)\n\n".utf8)) { _ in } }
        #expect(error?.status == expected)
    }

    @Test func `a null error is none`() throws {
        var stream = ChatStream()
        var parts = 0
        try stream.feed(Array("data: {\"error\":null,\"choices\":[]}\n\n".utf8)) { _ in parts += 1 }
        #expect(parts == 1)
    }
}

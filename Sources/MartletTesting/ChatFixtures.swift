/// Requests and answers of OpenAI's chat completions, byte for byte as the tests send and expect them.
public enum ChatFixtures {
    /// The text of the scripted answers.
    public static let words = ["Grüße", " aus", " dem", " Skript", "."]

    /// A request body with members a gateway does not know, odd spacing and escapes, which must arrive unchanged.
    ///
    /// - Parameters:
    ///   - model: The model's name, written as it is.
    ///   - stream: Whether a stream is asked for.
    ///   - usage: Whether `stream_options.include_usage` is asked for.
    ///   - padding: Bytes of filler in the message, so that bodies of any size can be made.
    public static func request(
        model: String,
        stream: Bool = false,
        usage: Bool = false,
        padding: Int = 0
    ) -> [UInt8] {
        let filler = String(repeating: "x", count: padding)
        return Array(
            (#"{ "model" : "\#(model)","messages":[{"role":"user","content":"S\u00e4g \"hallo\" 🐦 \#(filler)"}],"#
                + #""temperature":0.70,"x_unknown":{"a":[1, 2,3e0]},"#
                + (usage ? #""stream_options":{"include_usage":true},"# : "")
                + #""stream":\#(stream)}"#).utf8
        )
    }

    /// What a request has become when it is sent on: nothing but the model's name differs, and usage is asked for.
    public static func forwarded(model: String, asked: String, stream: Bool = false, padding: Int = 0) -> [UInt8] {
        let body = String(decoding: request(model: asked, stream: stream, padding: padding), as: UTF8.self)
        guard let name = body.firstRange(of: "\"\(asked)\"") else { return [] }
        var text = body.replacingCharacters(in: name, with: "\"\(model)\"")
        if stream { text = String(text.dropLast()) + #","stream_options":{"include_usage":true}}"# }
        return Array(text.utf8)
    }

    /// A whole answer of Anthropic's, of the message `msg_scripted`.
    public static let message = Array(
        (#"{"id":"msg_scripted","type":"message","role":"assistant","model":"scripted-1","#
            + #""content":[{"type":"text","text":"\#(words.joined())"}],"stop_reason":"end_turn","#
            + #""stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":7}}"#).utf8
    )

    /// A whole answer: 11 input and 7 output tokens, with a member no client knows.
    public static let answer = Array(
        (#"{"id":"chatcmpl-1","object":"chat.completion","created":1780000000,"model":"scripted-1","#
            + #""choices":[{"index":0,"message":{"role":"assistant","content":"\#(words.joined())"},"logprobs":null,"#
            + #""finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18},"#
            + #""x_extra" : [ true ]}"#).utf8
    )

    /// One event of a stream with the given `delta` and finish reason, without its line endings.
    public static func event(delta: String, finish: String? = nil) -> String {
        let reason = finish.map { "\"\($0)\"" } ?? "null"
        return #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1780000000,"model":"scripted-1","#
            + #""choices":[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(reason)}]}"#
    }

    /// The event that begins a stream; it bears no content.
    public static let roleEvent = event(delta: #"{"role":"assistant","content":""}"#)

    /// The usage event: 11 input and 7 output tokens.
    public static let usageEvent =
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1780000000,"model":"scripted-1","#
        + #""choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#

    /// The events of a whole stream, without line endings, usage and end mark.
    public static let events: [String] =
        [roleEvent] + words.map { event(delta: #"{"content":"\#($0)"}"#) } + [event(delta: "{}", finish: "stop")]

    /// A stream as it stands on the wire.
    ///
    /// - Parameters:
    ///   - lineEnd: `\n`, `\r\n` or `\r`.
    ///   - usage: Whether the usage event is there.
    ///   - done: Whether the end mark is there.
    public static func stream(lineEnd: String = "\n", usage: Bool = true, done: Bool = true) -> [UInt8] {
        let all = [": hello"] + events + (usage ? [usageEvent] : []) + (done ? ["data: [DONE]"] : [])
        return Array(all.map { $0 + lineEnd + lineEnd }.joined().utf8)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}

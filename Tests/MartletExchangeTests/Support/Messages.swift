import MartletCore
import MartletRouting
import NIOCore

@testable import MartletExchange

/// Bodies, heads and streams of Anthropic's messages.
enum Messages {
    static let claude = Target.sample("claude", model: "claude-sonnet-4-5", dialect: .anthropicMessages)

    /// A request of 11 bytes of prompt text.
    static func body(stream: Bool = false, extra: String = "") -> String {
        #"{"model":"gpt-test","max_tokens":99,"messages":[{"role":"user","content":"hello there"}]"#
            + (stream ? #","stream":true"# : "") + extra + "}"
    }

    static let answer =
        #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","#
        + #""content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn","stop_sequence":null,"#
        + #""usage":{"input_tokens":7,"output_tokens":2}}"#

    static func event(_ name: String, _ members: String) -> String {
        "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }

    static let start =
        event(
            "message_start",
            #""message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"#
                + #""usage":{"input_tokens":9,"output_tokens":1}}"#
        ) + event("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#)
    static func text(_ text: String) -> String {
        event("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"\#(text)"}"#)
    }
    static let end =
        event("content_block_stop", #""index":0"#)
        + event("message_delta", #""delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}"#)
        + event("message_stop", "")
    static let overloaded = event("error", #""error":{"type":"overloaded_error","message":"Overloaded"}"#)
}

extension ClientHead {
    /// The head of a request for messages with a key.
    static func messages(
        _ path: String = "/v1/messages",
        version: String? = "2023-06-01",
        betas: String? = nil
    ) -> ClientHead {
        .chat { head in
            head.path = path
            if let version { head.vendorFields.append(HeaderField(name: "anthropic-version", value: version)) }
            if let betas { head.vendorFields.append(HeaderField(name: "anthropic-beta", value: betas)) }
        }
    }
}

extension Driver {
    /// The body of the newest leg's request.
    var sentText: String { (legs[leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined() }

    /// A field of the newest leg's request.
    func sent(_ name: String) -> String? { legs[leg]?.request?.fields.first { $0.name == name }?.value }
}

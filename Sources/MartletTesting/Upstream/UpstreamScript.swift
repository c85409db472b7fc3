/// What a scripted upstream does about one request, step by step.
public struct UpstreamScript: Sendable, Hashable {
    /// The steps; after the last one the connection waits for its next request.
    public var steps: [Step]

    /// One step.
    public enum Step: Sendable, Hashable {
        /// Writes bytes; the next step begins when the kernel has taken them.
        case write([UInt8])
        /// Writes the same bytes again and again.
        case flood([UInt8], count: Int)
        /// Waits.
        case pause(Duration)
        /// Does nothing more; the connection stays open.
        case hold
        /// Closes in order (FIN).
        case close
        /// Closes at once (RST).
        case reset
    }

    /// Creates a script.
    public init(_ steps: [Step]) { self.steps = steps }
}

extension UpstreamScript {
    /// A response head with the given lines.
    static func head(_ status: Int, _ fields: String...) -> String {
        (["HTTP/1.1 \(status) Scripted"] + fields).map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A whole response of known length.
    static func whole(
        _ status: Int,
        type: String = "application/json",
        body: [UInt8],
        fields: [String] = []
    ) -> [UInt8] {
        let lines = ["content-type: \(type)", "content-length: \(body.count)"] + Self.unwanted + fields
        return Array((["HTTP/1.1 \(status) Scripted"] + lines).map { $0 + "\r\n" }.joined().utf8) + [13, 10] + body
    }

    /// Fields of the upstream that no client may see.
    static let unwanted = [
        "server: scripted", "set-cookie: upstream=1", "openai-organization: org-upstream",
        "x-ratelimit-remaining-requests: 3", "x-request-id: upstream-id",
    ]

    /// The head of a chunked stream.
    static let streamHead =
        Array(
            (["HTTP/1.1 200 OK", "content-type: text/event-stream; charset=utf-8", "transfer-encoding: chunked"]
                + unwanted)
                .map { $0 + "\r\n" }.joined().utf8
        ) + [13, 10]

    /// Bytes as one chunk (RFC 9112 §7.1).
    static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16, uppercase: true))\r\n".utf8) + bytes + [13, 10]
    }

    /// The chunk that ends a body.
    static let lastChunk = Array("0\r\n\r\n".utf8)

    /// Text as one chunk, an event with its empty line.
    static func eventChunk(_ event: String) -> [UInt8] { chunk(Array((event + "\n\n").utf8)) }

    /// An error body as OpenAI writes it.
    public static func errorBody(code: String, type: String = "invalid_request_error") -> [UInt8] {
        Array(
            #"{"error":{"message":"scripted \#(code)","type":"\#(type)","param":null,"code":"\#(code)"}}"#.utf8
        )
    }
}

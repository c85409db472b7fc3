import MartletWire

/// Reads the event stream of a chat completion or of a response.
struct ChatStream {
    /// One event.
    struct Part: Hashable {
        /// The event's JSON on one line.
        var json: [UInt8]
        /// The text and thinking it adds.
        var delta: ChatAnswer
    }

    /// The API that was asked.
    enum API {
        /// `/chat/completions`.
        case chat
        /// `/responses`.
        case responses
    }

    private let api: API
    private var parser = SSEParser()
    /// Whether the model's end or the end mark was seen: without it the answer is not whole.
    private(set) var isComplete = false
    /// Why the model ended.
    private(set) var finishReason: String?

    /// Starts before the first byte.
    init(_ api: API = .chat) { self.api = api }

    /// Reads the bytes of one read.
    ///
    /// - Parameter onPart: Receives each event in order, one that holds an error included.
    /// - Throws: A provider failure for an error in the stream and for bytes that are no such stream; what the closure
    ///   throws.
    mutating func feed(_ bytes: [UInt8], onPart: (Part) throws -> Void) throws {
        let messages: [SSEMessage]
        do {
            messages = try parser.feed(bytes)
        } catch {
            throw CommandFailure(.providerFailed, "the stream has an event that is too long")
        }
        for message in messages {
            if message.data == Array("[DONE]".utf8) {
                isComplete = true
                continue
            }
            guard let document = try? JSONDocument(message.data) else {
                throw CommandFailure(.providerFailed, "the stream has an event that is not JSON")
            }
            let (delta, problem) = document.withView { view in
                switch api {
                case .chat: (ChatAnswer(view, part: "delta"), view.member("error").flatMap { GatewayProblem($0) })
                case .responses: (ChatAnswer(responseEvent: view), Self.problem(of: view))
                }
            }
            if let problem { throw problem.failure }
            if let reason = delta.finishReason {
                finishReason = reason
                isComplete = true
            }
            try onPart(Part(json: Self.line(message.data), delta: delta))
        }
    }

    /// Checks that the stream ended as it should.
    ///
    /// - Throws: A provider failure when it broke off.
    func finish() throws(CommandFailure) {
        guard isComplete else { throw CommandFailure(.providerFailed, "the stream broke off before its end") }
    }

    /// The problem that an event of a response tells of.
    private static func problem(of view: JSONView) -> GatewayProblem? {
        switch view.member("type")?.string() {
        case "response.failed":
            view.member("response")?.member("error").flatMap { GatewayProblem($0) }
                ?? GatewayProblem(message: "the answer failed")
        case "error": GatewayProblem(view) ?? view.member("error").flatMap { GatewayProblem($0) }
        default: nil
        }
    }

    /// In JSON a raw line break is white space between tokens and nothing else, so a space says the same.
    private static func line(_ json: [UInt8]) -> [UInt8] {
        json.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
    }
}

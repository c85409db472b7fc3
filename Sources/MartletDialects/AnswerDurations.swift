public import MartletCore

/// How long an answer took, for formats that tell; all in nanoseconds.
///
/// What the gateway did not measure stays out.
public struct AnswerDurations: Hashable, Sendable {
    /// From the request to the end of the answer.
    public var total: Int64
    /// Loading the model.
    public var load: Int64?
    /// Reading the prompt: until the first token.
    public var prompt: Int64?
    /// Writing the answer: from the first token on.
    public var answer: Int64?

    /// Creates durations.
    public init(total: Int64, load: Int64? = nil, prompt: Int64? = nil, answer: Int64? = nil) {
        self.total = total
        self.load = load
        self.prompt = prompt
        self.answer = answer
    }

    static let names: Set<String> = ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"]
}

/// An encoder of a format whose streams end with how long the answer took.
public protocol TimedStreamEncoder: ChatStreamEncoder {
    /// How long the answer took; set before the end is encoded.
    var durations: AnswerDurations? { get set }
}

/// A codec of a format whose answers tell how long they took.
public protocol TimedCodec: ChatCodec {
    /// Encodes a whole answer.
    func encodeResponse(_ response: ChatResponse, durations: AnswerDurations) -> [UInt8]
}

/// How long an answer took, as the last object of an answer tells; all in nanoseconds.
///
/// What the gateway did not measure stays out.
public struct OllamaDurations: Hashable, Sendable {
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

import MartletCore
import MartletDialects
import MartletRouting

/// A request for vectors on its way through one call or several, one after the other on one target.
struct EmbeddingRun {
    /// The route it came by.
    let form: EmbeddingForm
    /// The request as values; made when something needs it.
    var request: EmbeddingRequest?
    /// The inputs of each call, as the target that is asked takes them.
    var calls: [Range<Int>] = []
    /// How the caller's body is parted, where its bytes pass.
    var split: EmbeddingSplit?
    /// The number of the call that runs.
    var current = 0
    /// Reads what the target answers.
    var upstream: any EmbeddingCodec = OpenAIEmbeddingsCodec()
    /// The request of the call that begins.
    var pending: UpstreamRequest?
    /// What the target does not take, in the caller's words.
    var dropped: [String] = []
    /// The answers so far, once the first one of several has come.
    var joiner: EmbeddingJoiner?
    /// Bytes of the answers so far.
    var received = 0

    init(_ form: EmbeddingForm) { self.form = form }

    /// Whether an answer has come, so that all others must come from the same target.
    var hasBegun: Bool { joiner != nil }

    /// The inputs of the call that runs.
    var inputs: Range<Int> { calls.indices.contains(current) ? calls[current] : 0..<0 }

    /// Whether an answer may be given as its bytes came: the caller speaks the target's format and gets the form of
    /// vector it asked for.
    func passes(_ response: EmbeddingResponse, from dialect: Dialect, as encoding: EmbeddingEncoding?) -> Bool {
        guard calls.count == 1, form.passes(dialect) else { return false }
        return response.vectors.allSatisfy { vector in
            switch vector {
            case .numbers: encoding != .base64
            case .base64: encoding == .base64
            case .floats: false
            }
        }
    }
}

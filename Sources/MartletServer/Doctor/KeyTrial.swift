import MartletCore
import MartletDialects
import MartletRouting

/// A call that costs nothing and tells whether a key is good, at a host that has no list of models.
///
/// - SeeAlso: Amazon Bedrock API reference, `CountTokens`, and user guide, "Monitor your token usage by counting tokens"
///   (it costs nothing); AWS answers a key that it does not know with 403 and a sentence (read November 2026).
struct KeyTrial {
    /// The path below the base path.
    let path: String
    /// The body to post.
    let body: String

    /// Makes the trial of a target's own key; `nil` where there is none.
    init?(of target: Target) {
        guard target.dialect == .bedrockConverse || target.dialect == .bedrockAnthropic,
            target.headers.contains(where: { $0.name == "authorization" })
        else { return nil }
        // One that can be asked for a count by its own name.
        path = "/model/\(PathSegment.encoded("anthropic.claude-haiku-4-5-20251001-v1:0"))/count-tokens"
        body = #"{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}}}"#
    }

    /// What an answer says of the key.
    enum Verdict {
        /// It is good.
        case accepted
        /// It is known, and lacks a right, or some other thing keeps it out.
        case limited
        /// It is none.
        case refused
        /// Nothing.
        case unknown
    }

    /// Judges an answer.
    ///
    /// - Parameter words: The status, with the host's own words if it said any.
    func verdict(_ status: Int, saying words: String) -> Verdict {
        let words = words.lowercased()
        return switch status {
        case 200..<300: .accepted
        // Who may not come in is told so before the request is looked at.
        case 400: Self.namesKey(words) ? .refused : .accepted
        case 401: .refused
        case 403: Self.namesKey(words) ? .refused : .limited
        default: .unknown
        }
    }

    private static func namesKey(_ words: String) -> Bool {
        ["authentication failed", "api key", "security token", "expiredtoken", "unrecognizedclient", "has expired"]
            .contains { words.contains($0) }
    }
}

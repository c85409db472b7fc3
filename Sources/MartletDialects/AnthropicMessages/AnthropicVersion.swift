public import MartletCore

/// A version of the Messages format, as the header `anthropic-version` names it.
///
/// The formats of answers and streams are the same in both.
///
/// - SeeAlso: Anthropic API reference, "Versions".
public enum AnthropicVersion: String, Hashable, Sendable {
    /// The long-standing format; has the sampling fields, as far as the model takes them.
    case june2023 = "2023-06-01"
    /// The format without `temperature`, `top_p` and `top_k`, even at their defaults.
    case october2026 = "2026-10-21"

    /// The version in which most of a request can be carried: the newer one, unless the request has sampling fields
    /// that the model still takes.
    ///
    /// - Parameters:
    ///   - request: The request, with the upstream's name of the model.
    ///   - traits: What is known of the model.
    public static func best(for request: ChatRequest, traits: AnthropicModelTraits) -> AnthropicVersion {
        let sampling = request.sampling
        let hasSampling = sampling.temperature != nil || sampling.topP != nil || sampling.topK != nil
        return hasSampling && traits.sampling != .none ? .june2023 : .october2026
    }
}

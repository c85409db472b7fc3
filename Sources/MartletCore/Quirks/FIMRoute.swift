/// What a target has for filling the gap between two texts.
public enum FIMRoute: String, Hashable, Sendable {
    /// Mistral's `POST /fim/completions`.
    case fim
    /// OpenAI's `POST /completions` with a `suffix` the model itself knows what to do with (DeepSeek's beta route).
    case suffix
    /// OpenAI's `POST /completions`, which sends a prompt to the model as it is.
    case completions
    /// Ollama's `POST /api/generate` without a template.
    case generate
    /// llama-server's `POST /infill`, which knows the tokens of its model.
    case infill

    /// Where requests are posted, below the base path; `infill` stands beside it, not below `/v1`.
    public var path: String {
        switch self {
        case .fim: "/fim/completions"
        case .suffix, .completions: "/completions"
        case .generate: "/api/generate"
        case .infill: "/infill"
        }
    }

    /// Whether the model has to be of a known family, whose tokens are put around the two texts.
    public var needsFamily: Bool { self == .completions || self == .generate }
}

/// What a provider has for filling gaps, as its type declares it.
public struct GapFilling: Hashable, Sendable {
    /// The form of requests.
    public var route: FIMRoute
    /// The path; `nil` is the route's own below the base path.
    ///
    /// A declared one stands beside the version of the API: a base path's `/v1` at its end is left out.
    public var path: String?

    /// Creates a declaration.
    public init(route: FIMRoute, path: String? = nil) {
        self.route = route
        self.path = path
    }
}

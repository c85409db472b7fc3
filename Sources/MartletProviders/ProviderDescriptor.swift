public import MartletCore

/// Describes a vendor or runtime the gateway can call: everything that is data about it.
///
/// An OpenAI-compatible provider is one row of the presets; nothing else in the project knows its name.
public struct ProviderDescriptor: Sendable, Hashable {
    /// The canonical type name.
    public var kind: ProviderKind
    /// The name people know it by.
    public var title: String
    /// Other names accepted in `type`.
    public var shortNames: [String]
    /// The wire format it speaks.
    public var dialect: Dialect
    /// Further wire formats it speaks below the same base URL.
    public var otherDialects: [Dialect] = []
    /// A word in the names of the models that the further formats are spoken to; `nil` for all of them.
    public var otherDialectsFor: String?
    /// The base URL when the account names none; `nil` when the account must name one.
    public var baseURL: String?
    /// What the base URL is made of where it depends on the account; `nil` where it does not.
    public var place: ProviderPlace?
    /// What stands between the base URL and a model's path; not for names with a collection of their own
    /// (`endpoints/123`).
    public var modelsPath = ""
    /// Whether it has the forms of embeddings that Vertex AI has.
    public var hasVertexEmbeddings = false
    /// Models that another type serves at the same place.
    public var families: [ProviderFamily] = []
    /// The names that calls may have in place of a model's own; `nil` where there are none.
    public var profiles: InferenceProfiles?
    /// The port a local engine of this kind listens on unless told otherwise; `nil` for other providers.
    public var loopbackPort: Int?
    /// Whether calls need a credential.
    public var credential: CredentialNeed
    /// Environment variables that hold the credential; the first one that is set counts.
    public var credentialVariables: [String]
    /// The request header that carries the credential, in lower case.
    public var authHeader: String
    /// What stands before the credential in that header (`Bearer `).
    public var authPrefix: String
    /// What proves who asks, beside a fixed value in that field.
    public var scheme = AuthScheme.field
    /// Environment variables whose presence says that a credential can be had without any of those that hold one.
    public var chainVariables: [String] = []
    /// Fields every call carries besides; an account's own fields of the same name win.
    public var headers: [Header] = []
    /// Whether it is an engine people run themselves, whose tokens have no price.
    public var isEngine: Bool
    /// Whether `stream_options.include_usage` is accepted, so that streams report their usage.
    public var acceptsStreamUsage: Bool
    /// Environment variables that hold the base URL; the first one that is set counts.
    public var baseURLVariables: [String] = []
    /// The path of a base URL that has none.
    public var basePath: String?
    /// The path of a base URL that has none, for accounts that name a version of the API; `{model}` stands for the
    /// model, and the version goes behind every path (`?api-version=…`).
    public var versionedBasePath: String?
    /// How versions of its API that an account may name differ from the present one.
    public var olderVersions: [OlderVersion] = []
    /// How its chat completions differ from OpenAI's; `nil` not at all.
    public var chatQuirks: ChatQuirks?
    /// Whether it makes embeddings.
    public var hasEmbeddings = true
    /// Members of requests for embeddings it has another name for.
    public var embeddingNames: [ChatQuirks.Rename] = []
    /// What it has for filling the gap between two texts; `nil` leaves it to the dialect.
    public var gapFilling: GapFilling?
    /// How it is asked to go on from a text; `nil` when it does not, or that is up to the model.
    public var continuation: TextContinuation?
    /// Whether the account says so, whatever the model.
    public var continuationIsSet = false
    /// Whether it has the other endpoints of OpenAI's API, too: files, images, sound.
    public var hasWholeAPI = false
    /// Whether its answers say what they cost, and that is what is charged.
    public var reportsCost = false
    /// Tokens of output a second that its hardware is known for, whatever the model; `nil` where that is up to the model.
    public var tokensPerSecond: Int?
    /// The provider name its models have in the registry; mostly ``kind`` itself.
    public var priceList: ProviderKind

    /// Describes a provider that speaks OpenAI chat completions and takes no credential; other fields are set after.
    public init(kind: ProviderKind, title: String, dialect: Dialect = .openAIChat, isEngine: Bool = false) {
        self.kind = kind
        self.title = title
        shortNames = []
        self.dialect = dialect
        credential = .none
        credentialVariables = []
        authHeader = "authorization"
        authPrefix = "Bearer "
        self.isEngine = isEngine
        acceptsStreamUsage = true
        priceList = kind
    }

    /// Whether an account of this type must know its region.
    ///
    /// - Parameter hasBaseURL: Whether the account has a base URL of its own.
    public func needsRegion(hasBaseURL: Bool) -> Bool {
        if case .awsSigV4 = scheme { return true }
        return !hasBaseURL && baseURL?.contains("{region}") == true
    }

    /// The base URL in a region: `{region}` stands for it, and `{aws_domain}` for the domain of AWS's hosts there.
    public func baseURL(in region: String) -> String? {
        baseURL?.replacing("{region}", with: region)
            .replacing("{aws_domain}", with: AWSCredentialChain.domain(of: region))
    }

    /// The further wire formats that are spoken to a model.
    ///
    /// - Parameter model: The provider's own name of the model.
    public func otherDialects(of model: String) -> [Dialect] {
        guard let word = otherDialectsFor else { return otherDialects }
        return model.lowercased().contains(word) ? otherDialects : []
    }

    /// A request field; the name is in lower case.
    public struct Header: Sendable, Hashable {
        /// The field's name.
        public var name: String
        /// The field's value.
        public var value: String
    }

    /// Whether a provider's calls need a credential.
    public enum CredentialNeed: String, Sendable, Hashable {
        /// Without one the account is off.
        case required
        /// One is sent when it is set.
        case optional
        /// None is ever sent.
        case none
    }
}

extension ProviderKind {
    /// The built-in deterministic model: no upstream call is made.
    public static let mock = ProviderKind("mock")
}

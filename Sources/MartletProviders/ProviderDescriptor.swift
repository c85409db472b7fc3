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
    /// Fields every call carries besides; an account's own fields of the same name win.
    public var headers: [Header] = []
    /// Whether it is an engine people run themselves, whose tokens have no price.
    public var isEngine: Bool
    /// Whether `stream_options.include_usage` is accepted, so that streams report their usage.
    public var acceptsStreamUsage: Bool

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

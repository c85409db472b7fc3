public import MartletCore

/// How requests to a target show who sends them, where fixed header fields do not.
///
/// A target without one is authorized by its own header fields, and nothing is looked up or made for its requests.
public struct Authorization: Sendable, Hashable {
    /// Names what the source gives.
    public let id: CredentialID
    /// What gives the credential; `nil` when only the caller can.
    public let source: CredentialSource?
    /// How requests show it.
    public let form: Form
    /// What a caller may send of its own, which comes first.
    public let caller: Caller?
    /// Whether requests are complete without: the target's own fields hold a credential for when the caller sends none.
    public let isOptional: Bool

    /// How a request shows its credential.
    public enum Form: Sendable, Hashable {
        /// A header field: this before it.
        case field(name: String, prefix: String)
        /// A signature over the request (AWS Signature Version 4).
        case awsV4(region: String, service: String)
    }

    /// Creates an authorization by what a source gives.
    public init(_ id: CredentialID, source: CredentialSource, form: Form) {
        self.id = id
        self.source = source
        self.form = form
        caller = nil
        isOptional = false
    }

    /// Creates an authorization by what callers send.
    ///
    /// - Parameters:
    ///   - callerKey: The name callers use.
    ///   - callerForm: How a request shows what a caller sent.
    ///   - other: What counts when a caller sends none.
    ///   - isOptional: Whether the target's own fields count then.
    public init(
        _ id: CredentialID,
        callerKey: String,
        callerForm: Form,
        otherwise other: Authorization? = nil,
        isOptional: Bool = false
    ) {
        self.id = id
        source = other?.source
        form = other?.form ?? callerForm
        caller = Caller(key: callerKey, form: callerForm)
        self.isOptional = isOptional
    }

    /// What callers may send.
    public struct Caller: Sendable, Hashable {
        /// The name they use.
        public let key: String
        /// How a request shows it.
        public let form: Form
    }

    /// Whether requests may get a field of this name.
    public func writes(_ name: String) -> Bool {
        form.writes(name) || caller?.form.writes(name) == true
    }
}

extension Authorization.Form {
    /// Whether a credential in this form is a field of this name, in lower case.
    fileprivate func writes(_ name: String) -> Bool {
        switch self {
        case .field(let own, _): own == name
        case .awsV4: name == "authorization" || name == "x-amz-date" || name == "x-amz-security-token"
        }
    }
}

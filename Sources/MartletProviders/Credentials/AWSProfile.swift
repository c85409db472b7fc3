public import MartletCore

/// One profile of AWS's files.
public struct AWSProfile: Sendable, Hashable {
    /// Whether some file has it.
    public var isThere = false
    /// Keys that stand in the credentials file.
    public var keys: StoredKeys?
    /// Keys that stand in the configuration file.
    public var configKeys: StoredKeys?
    /// Whether some file has a part of a key.
    public var hasKeyMembers: Bool
    /// The region.
    public var region: String?
    /// What the profile asks for that is not done here, by the name of its key; `nil` when there is nothing.
    public var unsupported: String?
    /// The device of a second factor, which a role may ask for; keys that stand in a file do not need it.
    public var secondFactor: String?
    /// A role that a token in a file stands for.
    public var webIdentity: AWSCredentialChain.WebIdentity?
    /// A role that other keys are exchanged for.
    public var role: Role?
    /// A role that somebody has signed in for in a browser.
    public var singleSignOn: AWSSingleSignOn?
    /// Why its sign-on cannot be used though it names an account or a role.
    public var singleSignOnFault: String?
    /// Whether it names a sign-on, but neither an account nor a role.
    public var hasBareSession: Bool
    /// A command whose output is a key.
    public var process: String?

    /// Keys that stand in a file.
    public enum StoredKeys: Sendable, Hashable {
        /// A whole key.
        case whole(AWSKeys)
        /// Why it cannot be used.
        case fault(String)

        /// Reads the keys of a section; `nil` when it has none.
        init?(_ section: [String: String]?) {
            func value(_ key: String) -> String? { section?[key].flatMap { $0.isEmpty ? nil : $0 } }
            switch (value("aws_access_key_id"), value("aws_secret_access_key")) {
            case (let id?, let secret?):
                let token = value("aws_session_token") ?? value("aws_security_token")
                self = .whole(
                    AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) })
                )
            case (_?, nil): self = .fault("aws_access_key_id without aws_secret_access_key")
            case (nil, _?): self = .fault("aws_secret_access_key without aws_access_key_id")
            case (nil, nil): return nil
            }
        }
    }

    /// A role, and whose keys may take it.
    public struct Role: Sendable, Hashable {
        /// The role's ARN.
        public var arn: String
        /// The name that sessions get.
        public var sessionName: String
        /// What the role's owner asks for besides.
        public var externalID: String?
        /// How long the keys last, in seconds; `nil` leaves it to the role.
        public var duration: Int?
        /// The profile whose keys are exchanged; `nil` where ``place`` says it.
        public var sourceProfile: String?
        /// Where the keys are that are exchanged: `Environment`, `Ec2InstanceMetadata` or `EcsContainer`.
        public var place: String?
    }

    /// Reads a profile.
    ///
    /// - Parameters:
    ///   - section: Its keys, of both files.
    ///   - sessions: The sections of sign-ons.
    init(_ section: [String: String], sessions: [String: [String: String]]) {
        func value(_ key: String) -> String? { section[key].flatMap { $0.isEmpty ? nil : $0 } }
        hasKeyMembers = value("aws_access_key_id") != nil || value("aws_secret_access_key") != nil
        region = value("region").flatMap { AWSCredentialChain.isRegion($0) ? $0 : nil }
        secondFactor = value("mfa_serial")
        // A key of one's own that only AWS's tools can use.
        unsupported = value("login_session") != nil ? "login_session" : nil
        process = value("credential_process")
        hasBareSession = value("sso_session") != nil || value("sso_start_url") != nil
        if value("sso_account_id") != nil || value("sso_role_name") != nil {
            hasBareSession = false
            switch AWSSingleSignOn.read(section, sessions) {
            case .success(let found): singleSignOn = found
            case .failure(let fault): singleSignOnFault = fault.text
            }
        }
        guard let arn = value("role_arn") else { return }
        let session = value("role_session_name") ?? AWSCredentialChain.sessionName
        if let file = value("web_identity_token_file") {
            webIdentity = .init(tokenFile: file, roleARN: arn, sessionName: session)
        } else {
            role = Role(
                arn: arn,
                sessionName: session,
                externalID: value("external_id"),
                duration: value("duration_seconds").flatMap { Int($0) },
                sourceProfile: value("source_profile"),
                place: value("credential_source")
            )
        }
    }
}

public import MartletCore

/// One profile of AWS's files.
public struct AWSProfile: Sendable, Hashable {
    /// Whether the file has it.
    public var isThere: Bool
    /// Keys that stand in the file.
    public var keys: AWSKeys?
    /// Why its keys cannot be used though it has some.
    public var fault: String?
    /// The region.
    public var region: String?
    /// What the profile asks for that is not done here, by the name of its key; `nil` when there is nothing.
    public var unsupported: String?
    /// The device of a second factor, which a role may ask for; keys that stand in the file do not need it.
    public var secondFactor: String?
    /// A role that a token in a file stands for.
    public var webIdentity: AWSCredentialChain.WebIdentity?
    /// A role that other keys are exchanged for.
    public var role: Role?

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

    /// Ways to get keys that need a program, a browser or a person.
    private static let unsupportedKeys = [
        "sso_session", "sso_start_url", "login_session", "credential_process",
    ]

    /// Reads a profile of the shared credentials file.
    public init(named name: String, credentials: INIFile) { self.init(credentials.sections[name]) }

    /// Reads a profile of the configuration file, where all but the default one have `profile` before their names.
    public init(named name: String, config: INIFile) {
        let section = config.sections["profile \(name)"] ?? (name == "default" ? config.sections[name] : nil)
        self.init(section)
    }

    private init(_ found: [String: String]?) {
        isThere = found != nil
        let section = found ?? [:]
        func value(_ key: String) -> String? { section[key].flatMap { $0.isEmpty ? nil : $0 } }
        switch (value("aws_access_key_id"), value("aws_secret_access_key")) {
        case (let id?, let secret?):
            let token = value("aws_session_token") ?? value("aws_security_token")
            keys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) })
        case (_?, nil): fault = "aws_access_key_id without aws_secret_access_key"
        case (nil, _?): fault = "aws_secret_access_key without aws_access_key_id"
        case (nil, nil): break
        }
        region = value("region").flatMap { AWSCredentialChain.isRegion($0) ? $0 : nil }
        secondFactor = value("mfa_serial")
        unsupported = Self.unsupportedKeys.first { value($0) != nil }
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

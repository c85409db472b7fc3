public import MartletCore

/// One profile of AWS's files.
public struct AWSProfile: Sendable, Hashable {
    /// Keys that stand in the file.
    public var keys: AWSKeys?
    /// The region.
    public var region: String?
    /// What the profile asks for that is not done here, by the name of its key; `nil` when there is nothing.
    public var unsupported: String?
    /// A role that a token in a file stands for.
    public var webIdentity: AWSCredentialChain.WebIdentity?

    /// Ways to get keys that need a program, a browser or another profile's rights.
    private static let unsupportedKeys = [
        "role_arn", "sso_session", "sso_start_url", "login_session", "credential_process",
    ]

    /// Reads a profile of the shared credentials file.
    public init(named name: String, credentials: INIFile) { self.init(credentials.sections[name] ?? [:]) }

    /// Reads a profile of the configuration file, where all but the default one have `profile` before their names.
    public init(named name: String, config: INIFile) {
        let section = config.sections["profile \(name)"] ?? (name == "default" ? config.sections[name] : nil)
        self.init(section ?? [:])
    }

    private init(_ section: [String: String]) {
        func value(_ key: String) -> String? { section[key].flatMap { $0.isEmpty ? nil : $0 } }
        if let id = value("aws_access_key_id"), let secret = value("aws_secret_access_key") {
            let token = value("aws_session_token") ?? value("aws_security_token")
            keys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) })
        }
        region = value("region").flatMap { AWSCredentialChain.isRegion($0) ? $0 : nil }
        if let role = value("role_arn"), let file = value("web_identity_token_file") {
            webIdentity = .init(
                tokenFile: file,
                roleARN: role,
                sessionName: value("role_session_name") ?? AWSCredentialChain.sessionName
            )
        } else {
            unsupported = Self.unsupportedKeys.first { value($0) != nil }
        }
    }
}

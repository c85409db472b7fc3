internal import MartletCore

/// A role of an account that somebody has signed in for with `aws sso login` (IAM Identity Center).
///
/// Sources: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider"; SSO Portal API,
/// GetRoleCredentials; SSO OIDC API, CreateToken (November 2026).
public struct AWSSingleSignOn: Sendable, Hashable {
    /// The section of the sign-on; `nil` where the profile itself has its address.
    public var session: String?
    /// Where people sign in.
    public var startURL: String
    /// The region of the service.
    public var region: String
    /// The account.
    public var account: String
    /// The name of the role.
    public var role: String

    struct Fault: Error {
        var text: String
    }

    /// Reads what a profile says, and the section it names.
    static func read(
        _ profile: [String: String],
        _ sessions: [String: [String: String]]
    ) -> Result<Self, Fault> {
        var values = profile.filter { !$0.value.isEmpty }
        let name = values["sso_session"]
        if let name {
            guard let section = sessions[name] else {
                return .failure(Fault(text: "sso_session \(name), but the configuration file has no such section"))
            }
            for (key, value) in section {
                guard values[key, default: value] == value else {
                    return .failure(Fault(text: "another \(key) than its sso_session \(name)"))
                }
                values[key] = value
            }
        }
        func value(_ key: String) -> String { values[key] ?? "" }
        let needed = ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"]
        let missing = needed.filter { value($0).isEmpty }
        guard missing.isEmpty else {
            return .failure(Fault(text: "a sign-on without \(missing.joined(separator: ", "))"))
        }
        guard AWSCredentialChain.isRegion(value("sso_region")) else {
            return .failure(Fault(text: "an sso_region that is no region"))
        }
        return .success(
            AWSSingleSignOn(
                session: name,
                startURL: value("sso_start_url"),
                region: value("sso_region"),
                account: value("sso_account_id"),
                role: value("sso_role_name")
            )
        )
    }
}

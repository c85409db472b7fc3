/// An access key of AWS, with the token that temporary ones come with.
public struct AWSKeys: Sendable, Hashable {
    /// The access key's id, which requests show in clear.
    public var accessKeyID: String
    /// The secret access key, which signs.
    public var secretAccessKey: Secret
    /// The session token of temporary keys.
    public var sessionToken: Secret?

    /// Creates a key.
    public init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

/// The places where AWS keys are looked for, in the order of AWS's own clients; those that do not apply are absent.
///
/// The order is that of botocore (`botocore.credentials.create_credential_resolver`, read November 2026).
public struct AWSCredentialChain: Sendable, Hashable {
    /// Keys of the account or the environment; nothing else is looked at then.
    public var fixed: AWSKeys?
    /// Where these stand, for people.
    public var fixedPlace = "AWS_ACCESS_KEY_ID of the environment"
    /// Why keys of the environment cannot be used though it has some; nothing else is looked at then.
    public var environmentFault: String?
    /// Keys of the environment, for a profile that takes its role with them (`credential_source = Environment`).
    public var environmentKeys: AWSKeys?
    /// The profile that files are read for.
    public var profile = "default"
    /// Whether the account or the environment names the profile, which must be there then.
    public var isProfileNamed = false
    /// The shared credentials file.
    public var credentialsFile: String?
    /// The configuration file.
    public var configFile: String?
    /// A token that stands for a role.
    public var webIdentity: WebIdentity?
    /// Why the environment's token that stands for a role cannot be used though there is one.
    public var webIdentityFault: String?
    /// The container's own endpoint.
    public var container: ContainerEndpoint?
    /// The base URL of the instance metadata service; `nil` does not ask it.
    public var metadataURL: String?
    /// The region that keys are asked for in.
    public var region: String
    /// The base URL of the token service; `nil` takes the region's.
    public var tokenServiceURL: String?

    /// The folder in which AWS's tools keep the tokens of sign-ons.
    public var signOnFolder: String?
    /// The base URL that gives keys for such a token; `nil` takes the region's.
    public var portalURL: String?
    /// The base URL that renews such tokens; `nil` takes the region's.
    public var signOnURL: String?

    /// Creates a chain without any place.
    public init(region: String) { self.region = region }

    /// Says that the profile is not there, and where it was looked for.
    public var profileIsMissing: String {
        let files = [credentialsFile, configFile].compactMap(\.self)
        let places =
            files.isEmpty ? "no file of profiles is known" : "it is in neither \(files.joined(separator: " nor "))"
        return "there is no AWS profile \(profile): \(places)"
    }

    /// A role that a token in a file stands for.
    public struct WebIdentity: Sendable, Hashable {
        /// The file that holds the token; read again for each exchange.
        public var tokenFile: String
        /// The role's ARN.
        public var roleARN: String
        /// The name that sessions get.
        public var sessionName: String

        /// Describes a role.
        public init(tokenFile: String, roleARN: String, sessionName: String) {
            self.tokenFile = tokenFile
            self.roleARN = roleARN
            self.sessionName = sessionName
        }
    }

    /// The endpoint that gives a container its keys.
    public struct ContainerEndpoint: Sendable, Hashable {
        /// Where it is.
        public var url: String
        /// The value of `Authorization`.
        public var token: Secret?
        /// A file that holds that value; read again each time, and wins over the value.
        public var tokenFile: String?

        /// Describes an endpoint.
        public init(url: String, token: Secret? = nil, tokenFile: String? = nil) {
            self.url = url
            self.token = token
            self.tokenFile = tokenFile
        }
    }
}

public import MartletCore

extension AWSCredentialChain {
    /// Reads where the environment says that AWS keys are, as AWS's own clients do.
    ///
    /// - Parameters:
    ///   - environment: The process's environment.
    ///   - region: The region that keys are asked for in.
    ///   - profile: The profile of the account; absent takes `AWS_PROFILE`, then `AWS_DEFAULT_PROFILE`.
    public init(environment: [String: String], region: String, profile: String? = nil) {
        self.init(region: region)
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let id = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") {
            let token = (value("AWS_SESSION_TOKEN") ?? value("AWS_SECURITY_TOKEN")).map { Secret($0) }
            environmentKeys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token)
        }
        // Who names a profile means it, whatever keys the environment has.
        if profile == nil {
            fixed = environmentKeys
            // Half a key is a mistake: what comes next would be another identity than the one that was meant.
            let (id, secret) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
            if value(id) != nil, value(secret) == nil { environmentFault = "\(id) is set, but \(secret) is not" }
            if value(id) == nil, value(secret) != nil { environmentFault = "\(secret) is set, but \(id) is not" }
        }
        let named = profile ?? value("AWS_PROFILE") ?? value("AWS_DEFAULT_PROFILE")
        self.profile = named ?? "default"
        isProfileNamed = named != nil && named != "default"
        let home = value("HOME")
        credentialsFile =
            value("AWS_SHARED_CREDENTIALS_FILE").map { Self.path($0, home) } ?? home.map { "\($0)/.aws/credentials" }
        configFile = value("AWS_CONFIG_FILE").map { Self.path($0, home) } ?? home.map { "\($0)/.aws/config" }
        if profile == nil, let file = value("AWS_WEB_IDENTITY_TOKEN_FILE") {
            if let role = value("AWS_ROLE_ARN") {
                let session = value("AWS_ROLE_SESSION_NAME") ?? Self.sessionName
                webIdentity = WebIdentity(tokenFile: file, roleARN: role, sessionName: session)
            } else {
                webIdentityFault = "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"
            }
        }
        let containerURL =
            value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map { Self.containerHost + $0 }
            ?? value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        container = containerURL.map { url in
            ContainerEndpoint(
                url: url,
                token: value("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { Secret($0) },
                tokenFile: value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            )
        }
        if value("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" {
            let isIPv6 = value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased() == "ipv6"
            metadataURL =
                value("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? (isIPv6 ? Self.metadataHostIPv6 : Self.metadataHost)
        }
        tokenServiceURL = Self.tokenServiceURL(in: environment)
        signOnFolder = home.map { "\($0)/.aws/sso/cache" }
        portalURL = Self.endpointURL("SSO", in: environment)
        signOnURL = Self.endpointURL("SSO_OIDC", in: environment)
    }

    /// Where the environment says that the token service is; `nil` leaves it at the region's.
    public static func tokenServiceURL(in environment: [String: String]) -> String? {
        endpointURL("STS", in: environment)
    }

    /// Where the environment says that a service is (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    private static func endpointURL(_ service: String, in environment: [String: String]) -> String? {
        guard environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true" else { return nil }
        return [environment["AWS_ENDPOINT_URL_\(service)"], environment["AWS_ENDPOINT_URL"]].compactMap(\.self)
            .first { !$0.isEmpty }
    }

    private static func path(_ path: String, _ home: String?) -> String {
        guard path.hasPrefix("~/"), let home else { return path }
        return home + path.dropFirst(1)
    }

    /// The region that the environment names.
    public static func region(in environment: [String: String]) -> String? {
        [environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]].compactMap(\.self).first { !$0.isEmpty }
    }

    /// Whether a text can be a region: it becomes part of host names.
    public static func isRegion(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    static let sessionName = "martlet"
    // Link-local addresses that AWS documents for containers and instances (November 2026).
    private static let containerHost = "http://169.254.170.2"
    private static let metadataHost = "http://169.254.169.254"
    private static let metadataHostIPv6 = "http://[fd00:ec2::254]"
}

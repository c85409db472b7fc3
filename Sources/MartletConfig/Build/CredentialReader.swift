internal import MartletCore
internal import MartletProviders
internal import MartletRouting

/// Finds out how an account's requests show who sends them: by a fixed secret, or by what must be fetched or sent along.
struct CredentialReader {
    let account: AccountName
    let descriptor: ProviderDescriptor
    let table: ConfigTable
    let resolver: CredentialResolver
    let environment: [String: String]
    /// The region of AWS, where the account has one.
    let region: String?

    /// What was found.
    struct Credential {
        var location: String
        /// A fixed value for the type's header field.
        var secret: Secret?
        /// Whether the value is a token for `Authorization` instead.
        var isBearer = false
        /// What requests need instead of it, or beside it.
        var authorization: Authorization?
    }

    /// Reads what the account names, else what the type's variables and the cloud's chain have.
    ///
    /// - Returns: `nil` when the account names nothing and nothing is there.
    /// - Throws: ``CredentialError``.
    func read() throws(CredentialError) -> Credential? {
        if let node = table["api_key_location"] { return try credential(at: try LocationReader.read(node)) }
        if let keys = try ownKeys() { return keys }
        let variables = descriptor.credential == .none ? [] : descriptor.credentialVariables
        if let variable = variables.first(where: { environment[$0]?.isEmpty == false }) {
            // Google's variables name a file.
            if case .google = descriptor.scheme { return try credential(at: .pathFromEnvironment(variable)) }
            return try credential(at: .environment(variable))
        }
        if case .entra = descriptor.scheme, environment[Self.tokenVariable]?.isEmpty == false {
            var found = try credential(at: .environment(Self.tokenVariable))
            found.isBearer = true
            return found
        }
        if chainApplies { return try credential(at: .sdk) }
        return descriptor.credential == .required ? nil : Credential(location: "none")
    }

    /// Where Azure's own clients look for a token that somebody else renews.
    private static let tokenVariable = "AZURE_OPENAI_AD_TOKEN"

    /// Whether the cloud's chain is asked though nobody names it: the account is written down, or a variable says so.
    private var chainApplies: Bool {
        switch descriptor.scheme {
        case .field: false
        case .awsSigV4, .google:
            !table.entries.isEmpty || descriptor.chainVariables.contains { environment[$0]?.isEmpty == false }
        case .entra:
            // Without its variables there is nothing that could be asked.
            EntraClient(environment: environment, scope: "") != nil
        }
    }

    /// Says which variables of an application of Entra ID are not set while others are.
    var partOfClient: String? {
        guard case .entra = descriptor.scheme else { return nil }
        return EntraClient.whatIsMissing(in: environment)
    }

    // MARK: Locations

    private func credential(at location: CredentialLocation) throws(CredentialError) -> Credential {
        switch location {
        case .none: return Credential(location: "none")
        case .dynamic(let name): return fromCaller(name, location: location, otherwise: nil)
        case .sdk: return try fromChain(location)
        case .fallback(.dynamic(let name), let second):
            let other = try credential(at: second)
            // One name is enough: a caller that sends anything sends it under that one.
            guard other.authorization?.caller == nil else { throw .malformed }
            return fromCaller(name, location: location, otherwise: other)
        case .fallback(let first, let second):
            do { return try credential(at: first) } catch { return try credential(at: second) }
        case .environment, .file, .pathFromEnvironment: return try fixed(location)
        }
    }

    private func fixed(_ location: CredentialLocation) throws(CredentialError) -> Credential {
        if case .google(let scope) = descriptor.scheme {
            let place = try googlePlace(location)
            let source = CredentialSource.google(GoogleCredentialSource(place, scope: scope))
            return kept(by: source, bearerField, location)
        }
        return Credential(location: location.description, secret: try resolver.resolve(location))
    }

    /// A file of credentials, which is read again with each exchange, so that a new one counts without a reload.
    private func googlePlace(_ location: CredentialLocation) throws(CredentialError) -> GoogleCredentialSource.Place {
        let path: String
        switch location {
        case .file(let file): path = file
        case .pathFromEnvironment(let name):
            guard let file = environment[name], !file.isEmpty else { throw .variableUnset(name) }
            path = file
        case .environment(let name):
            guard let value = environment[name], !value.isEmpty else { throw .variableUnset(name) }
            _ = try GoogleCredentialFile(Array(value.utf8), from: "environment variable \(name)")
            return .content(Secret(value))
        default: throw .notAvailable(location.description)
        }
        _ = try GoogleCredentialFile(try resolver.bytes(of: path), from: "file \(path)")
        return .file(path)
    }

    private func fromChain(_ location: CredentialLocation) throws(CredentialError) -> Credential {
        switch descriptor.scheme {
        case .field: throw .notAvailable("sdk")
        case .awsSigV4(let service):
            guard let region else { throw .unusable("no region is set: set region, or AWS_REGION") }
            let chain = AWSCredentialChain(
                environment: environment,
                region: region,
                profile: table["profile"]?.string
            )
            if chain.isProfileMissing(by: resolver) { throw .unusable(chain.profileIsMissing) }
            let detail = " \(region) \(chain.profile)"
            return kept(by: .aws(chain), .awsV4(region: region, service: service), location, detail)
        case .google(let scope):
            let source = GoogleCredentialSource(.discovered(in: environment), scope: scope)
            return kept(by: .google(source), bearerField, location)
        case .entra(let scope):
            guard let client = EntraClient(environment: environment, scope: scope) else {
                throw .unusable(
                    EntraClient.whatIsMissing(in: environment)
                        ?? "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set"
                )
            }
            return kept(by: .entra(client), bearerField, location)
        }
    }

    private func kept(
        by source: CredentialSource,
        _ form: Authorization.Form,
        _ location: CredentialLocation,
        _ detail: String = ""
    ) -> Credential {
        // Accounts of one name differ in what a model's own table says.
        let text = location.description + detail
        let id = CredentialID(account: account, location: text)
        return Credential(location: text, authorization: Authorization(id, source: source, form: form))
    }

    private func fromCaller(_ name: String, location: CredentialLocation, otherwise other: Credential?) -> Credential {
        let text = location.description
        // What a caller sends is a token, whatever the gateway itself would do.
        let isKey =
            switch descriptor.scheme {
            case .field, .entra: true
            case .awsSigV4, .google: false
            }
        let form = isKey ? keyField : bearerField
        let authorization = Authorization(
            CredentialID(account: account, location: text),
            callerKey: name,
            callerForm: form,
            otherwise: other?.authorization,
            isOptional: other?.secret != nil || other?.location == "none"
        )
        return Credential(location: text, secret: other?.secret, authorization: authorization)
    }

    private var keyField: Authorization.Form { .field(name: descriptor.authHeader, prefix: descriptor.authPrefix) }
    private var bearerField: Authorization.Form { .field(name: "authorization", prefix: "Bearer ") }

    // MARK: AWS keys of the account

    /// Keys that stand in the account's table, or where the table says.
    private func ownKeys() throws(CredentialError) -> Credential? {
        guard case .awsSigV4(let service) = descriptor.scheme else { return nil }
        guard let id = table["access_key_id"]?.string else {
            // Half a key is a mistake: what comes next would be another identity than the one that was meant.
            guard let stray = ["secret_access_key", "session_token"].first(where: { table[$0] != nil }) else {
                return nil
            }
            throw .unusable("\(stray) stands without access_key_id")
        }
        guard let secret = table["secret_access_key"]?.string else {
            throw .unusable("access_key_id stands without secret_access_key")
        }
        guard let region else { throw .unusable("no region is set: set region, or AWS_REGION") }
        var chain = AWSCredentialChain(region: region)
        chain.fixedPlace = "access_key_id of the account"
        chain.tokenServiceURL = AWSCredentialChain.tokenServiceURL(in: environment)
        guard let keyID = try value(id), let key = try value(secret) else {
            throw .unusable("access_key_id and secret_access_key must not be empty")
        }
        let token = try table["session_token"]?.string.map { text throws(CredentialError) in try value(text) } ?? nil
        chain.fixed = AWSKeys(accessKeyID: keyID.reveal(), secretAccessKey: key, sessionToken: token)
        // A key's id is no secret, and accounts of one name may differ in it.
        let location = "access_key_id \(id) \(region)"
        let name = CredentialID(account: account, location: location)
        return Credential(
            location: location,
            authorization: Authorization(name, source: .aws(chain), form: .awsV4(region: region, service: service))
        )
    }

    /// A value that stands there itself, or at the location that stands there.
    private func value(_ text: String) throws(CredentialError) -> Secret? {
        guard text.contains("::") else { return text.isEmpty ? nil : Secret(text) }
        return try resolver.resolve(try CredentialLocation(parsing: text))
    }
}

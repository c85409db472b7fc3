import MartletCore
import MartletProviders

/// Fetches credentials from where a source says; the effects are injected.
struct CredentialFetcher: Sendable {
    let transport: any CredentialTransport
    /// Returns a file's bytes, or `nil` when it cannot be read.
    let readFile: @Sendable (String) async -> [UInt8]?
    /// Seconds since 1970 (UTC).
    let unixSeconds: @Sendable () -> Int64

    /// Fetches a credential.
    ///
    /// - Throws: ``CredentialFailure`` that says where it was looked for and what was wrong.
    func fetch(_ source: CredentialSource) async throws(CredentialFailure) -> FetchedCredential {
        switch source {
        case .aws(let chain): return try await keys(chain)
        case .google(let source): return try await token(source)
        case .entra(let client):
            let start = unixSeconds()
            let reply = try await transport.send(OAuthTokens.token(of: client))
            let found = try OAuthTokens.token(in: reply, of: "Entra ID's token service", unixSeconds: start)
            return found.found("Entra ID, application \(client.clientID)")
        }
    }

    private func content(_ path: String, _ what: String) async throws(CredentialFailure) -> [UInt8] {
        guard let bytes = await readFile(path), bytes.count <= CredentialResolver.largestFile else {
            throw CredentialFailure("\(what) \(path) cannot be read")
        }
        return bytes
    }

    /// One line of a file, as tokens stand there.
    private func token(inFile path: String, _ what: String) async throws(CredentialFailure) -> String {
        let bytes = try await content(path, what)
        let text = bytes.filter { $0 != 0x0A && $0 != 0x0D }
        guard !text.isEmpty, text.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw CredentialFailure("\(what) \(path) holds no token")
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: AWS

    /// Goes through the chain; a place that is there but does not work ends it, so that no other identity is used.
    private func keys(_ chain: AWSCredentialChain) async throws(CredentialFailure) -> FetchedCredential {
        if let keys = chain.fixed {
            return FetchedCredential(.aws(keys), expires: nil).found(chain.fixedPlace)
        }
        if let fault = chain.environmentFault { throw CredentialFailure(fault) }
        if let found = try await profileKeys(chain.profile, chain, mayUseWebIdentity: true) { return found }
        if chain.container != nil { return try await containerKeys(chain) }
        return try await instanceKeys(chain)
    }

    /// The longest row of profiles that lead to each other.
    private static let mostProfiles = 5

    /// Gets the keys of a profile; `nil` when it has none and asks for none.
    ///
    /// - Parameters:
    ///   - mayUseWebIdentity: Whether the environment's web identity counts, which stands between the profile's places.
    ///   - seen: The profiles that led here.
    private func profileKeys(
        _ name: String,
        _ chain: AWSCredentialChain,
        mayUseWebIdentity: Bool,
        seen: [String] = []
    ) async throws(CredentialFailure) -> FetchedCredential? {
        let credentials = await profile(chain.credentialsFile) { AWSProfile(named: name, credentials: $0) }
        let config = await profile(chain.configFile) { AWSProfile(named: name, config: $0) }
        if name == chain.profile, chain.isProfileNamed, config?.isThere != true, credentials?.isThere != true {
            throw CredentialFailure(chain.profileIsMissing)
        }
        if let role = config?.role ?? credentials?.role {
            // Nobody is there to type the code that goes with it.
            guard config?.secondFactor == nil, credentials?.secondFactor == nil else {
                throw CredentialFailure("profile \(name) has mfa_serial, which is not supported")
            }
            // A profile may name itself: its keys take its role.
            if role.sourceProfile != name || seen.last != name {
                return try await roleKeys(role, of: name, chain, seen: seen + [name])
            }
        }
        if let identity = config?.webIdentity ?? credentials?.webIdentity {
            return try await keys(of: identity, chain)
        }
        if mayUseWebIdentity {
            if let identity = chain.webIdentity { return try await keys(of: identity, chain) }
            if let fault = chain.webIdentityFault { throw CredentialFailure(fault) }
        }
        if let keys = credentials?.keys {
            return FetchedCredential(.aws(keys), expires: nil).found("profile \(name) of the credentials file")
        }
        if let fault = credentials?.fault { throw CredentialFailure("profile \(name) has \(fault)") }
        if let key = credentials?.unsupported ?? config?.unsupported {
            throw CredentialFailure("profile \(name) has \(key), which is not supported")
        }
        if let fault = config?.fault { throw CredentialFailure("profile \(name) has \(fault)") }
        return config?.keys.map {
            FetchedCredential(.aws($0), expires: nil).found("profile \(name) of the configuration file")
        }
    }

    private func roleKeys(
        _ role: AWSProfile.Role,
        of profile: String,
        _ chain: AWSCredentialChain,
        seen: [String]
    ) async throws(CredentialFailure) -> FetchedCredential {
        let own: FetchedCredential?
        switch (role.sourceProfile, role.place) {
        case (let source?, _):
            guard seen.count < Self.mostProfiles, source == profile || !seen.contains(source) else {
                throw CredentialFailure("the source_profile of profile \(profile) leads back to itself, or too far")
            }
            own = try await profileKeys(source, chain, mayUseWebIdentity: false, seen: seen)
        case (nil, "Ec2InstanceMetadata"): own = try await instanceKeys(chain)
        case (nil, "EcsContainer"): own = try await containerKeys(chain)
        case (nil, "Environment"): own = chain.environmentKeys.map { FetchedCredential(.aws($0), expires: nil) }
        default: throw CredentialFailure("profile \(profile) has role_arn, but no source_profile or credential_source")
        }
        guard case .aws(let keys)? = own?.value else {
            let place = role.sourceProfile == nil ? "credential_source" : "source_profile"
            throw CredentialFailure("the \(place) of profile \(profile) has no keys")
        }
        guard let call = AWSKeyCalls.assume(role, by: keys, chain: chain, unixSeconds: unixSeconds()) else {
            throw CredentialFailure("the address of the token service cannot be used")
        }
        return try AWSKeyCalls.roleKeys(try await transport.send(call)).found("role \(role.arn) of profile \(profile)")
    }

    private func containerKeys(_ chain: AWSCredentialChain) async throws(CredentialFailure) -> FetchedCredential {
        guard let container = chain.container else { throw CredentialFailure("no container's endpoint is named") }
        var token = container.token?.reveal()
        if let file = container.tokenFile { token = try await self.token(inFile: file, "the container's token file") }
        let reply = try await transport.send(try AWSKeyCalls.container(container.url, token: token))
        let place = "the container's credential endpoint"
        return try AWSKeyCalls.keys(reply, of: place).found(place)
    }

    private func profile(_ path: String?, _ read: (INIFile) -> AWSProfile) async -> AWSProfile? {
        guard let path, let bytes = await readFile(path) else { return nil }
        return read(INIFile(bytes))
    }

    private func keys(
        of identity: AWSCredentialChain.WebIdentity,
        _ chain: AWSCredentialChain
    ) async throws(CredentialFailure) -> FetchedCredential {
        let token = try await token(inFile: identity.tokenFile, "the web identity token file")
        let reply = try await transport.send(AWSKeyCalls.assumeRole(identity, token: token, chain: chain))
        return try AWSKeyCalls.roleKeys(reply).found("the web identity of \(identity.roleARN)")
    }

    private func instanceKeys(_ chain: AWSCredentialChain) async throws(CredentialFailure) -> FetchedCredential {
        guard let base = chain.metadataURL else {
            throw CredentialFailure("neither the environment nor profile \(chain.profile) has AWS keys", .missing)
        }
        let place = "the instance metadata service"
        let session: String
        do {
            session = try AWSKeyCalls.line(try await transport.send(AWSKeyCalls.metadataSession(base)), of: place)
        } catch {
            // The last place of the chain: on other machines nobody is there.
            throw CredentialFailure(
                "neither the environment nor profile \(chain.profile) has AWS keys, and of \(place): \(error.reason)",
                .missing
            )
        }
        let roles = try await transport.send(AWSKeyCalls.metadataRole(base, session: session))
        let role = try AWSKeyCalls.line(roles, of: place)
        let reply = try await transport.send(AWSKeyCalls.metadataKeys(base, role: role, session: session))
        return try AWSKeyCalls.keys(reply, of: place).found("\(place), role \(role)")
    }

    // MARK: Google

    private func token(_ source: GoogleCredentialSource) async throws(CredentialFailure) -> FetchedCredential {
        switch source.place {
        case .file(let path):
            return try await token(ofFile: try await content(path, "file"), "file \(path)", source.scope)
        case .content(let secret):
            return try await token(ofFile: Array(secret.reveal().utf8), "the configured variable", source.scope)
        case .discovered(let files, let metadata):
            for path in files {
                if let bytes = await readFile(path) {
                    return try await token(ofFile: bytes, "file \(path)", source.scope)
                }
            }
            guard let metadata else {
                throw CredentialFailure("there are no application default credentials", .missing)
            }
            let start = unixSeconds()
            let reply: CredentialReply
            do {
                reply = try await transport.send(GoogleTokenCalls.metadata(metadata, scope: source.scope))
            } catch {
                throw CredentialFailure(
                    "there is no file of application default credentials, and of the metadata server: \(error.reason)",
                    .missing
                )
            }
            guard GoogleTokenCalls.isMetadata(reply) else {
                throw CredentialFailure("what answers at \(metadata) is no metadata server")
            }
            let place = "the metadata server"
            return try OAuthTokens.token(in: reply, of: place, unixSeconds: start).found(place)
        }
    }

    private func token(
        ofFile bytes: [UInt8],
        _ place: String,
        _ scope: String
    ) async throws(CredentialFailure) -> FetchedCredential {
        let file: GoogleCredentialFile
        do throws(CredentialError) {
            file = try GoogleCredentialFile(bytes, from: place)
        } catch {
            throw CredentialFailure(error.reason)
        }
        let start = unixSeconds()
        let call: CredentialCall
        switch file {
        case .serviceAccount(let account):
            call = try GoogleTokenCalls.token(of: account, scope: scope, unixSeconds: start)
        case .authorizedUser(let user): call = GoogleTokenCalls.token(of: user)
        }
        let reply = try await transport.send(call)
        return try OAuthTokens.token(in: reply, of: "Google's token service", unixSeconds: start).found(place)
    }
}

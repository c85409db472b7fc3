import MartletCore
import MartletProviders

/// Keys of AWS.
extension CredentialFetcher {
    /// Goes through the chain; a place that is there but does not work ends it, so that no other identity is used.
    func keys(_ chain: AWSCredentialChain) async throws(CredentialFailure) -> FetchedCredential {
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
    /// The order is botocore's (`ProfileProviderBuilder.providers`, read November 2026).
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
        let profile = await profiles(chain).profile(name)
        if name == chain.profile, chain.isProfileNamed, !profile.isThere {
            throw CredentialFailure(chain.profileIsMissing)
        }
        // Keys of a profile that another one leads to count before its role, so that a profile may name itself.
        if let role = profile.role, seen.isEmpty || !profile.hasKeyMembers {
            // Nobody is there to type the code that goes with it.
            guard profile.secondFactor == nil else {
                throw CredentialFailure("profile \(name) has mfa_serial, which is not supported")
            }
            return try await roleKeys(role, of: name, chain, seen: seen + [name])
        }
        if mayUseWebIdentity {
            if let identity = chain.webIdentity { return try await keys(of: identity, chain) }
            if let fault = chain.webIdentityFault { throw CredentialFailure(fault) }
        }
        if let identity = profile.webIdentity { return try await keys(of: identity, chain) }
        if let fault = profile.singleSignOnFault { throw CredentialFailure("profile \(name) has \(fault)") }
        if let signOn = profile.singleSignOn { return try await keys(of: signOn, profile: name, chain) }
        if let found = try stored(profile.keys, name, "credentials file") { return found }
        if let key = profile.unsupported {
            throw CredentialFailure("profile \(name) has \(key), which is not supported")
        }
        if let command = profile.process { return try await keys(ofCommand: command, profile: name) }
        if let found = try stored(profile.configKeys, name, "configuration file") { return found }
        if profile.hasBareSession {
            throw CredentialFailure(
                "profile \(name) has sso_session or sso_start_url, but no sso_account_id and no sso_role_name"
            )
        }
        return nil
    }

    private func profiles(_ chain: AWSCredentialChain) async -> AWSProfiles {
        func file(_ path: String?) async -> INIFile? {
            guard let path, let bytes = await readFile(path) else { return nil }
            return INIFile(bytes)
        }
        return AWSProfiles(config: await file(chain.configFile), credentials: await file(chain.credentialsFile))
    }

    private func stored(
        _ keys: AWSProfile.StoredKeys?,
        _ profile: String,
        _ file: String
    ) throws(CredentialFailure) -> FetchedCredential? {
        switch keys {
        case .whole(let keys)?:
            FetchedCredential(.aws(keys), expires: nil).found("profile \(profile) of the \(file)")
        case .fault(let fault)?: throw CredentialFailure("profile \(profile) has \(fault)")
        case nil: nil
        }
    }

    private func roleKeys(
        _ role: AWSProfile.Role,
        of profile: String,
        _ chain: AWSCredentialChain,
        seen: [String]
    ) async throws(CredentialFailure) -> FetchedCredential {
        guard role.sourceProfile == nil || role.place == nil else {
            throw CredentialFailure("profile \(profile) has both source_profile and credential_source")
        }
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

    // MARK: Programs and sign-ons

    private func keys(
        ofCommand command: String,
        profile: String
    ) async throws(CredentialFailure) -> FetchedCredential {
        let place = "the credential_process of profile \(profile)"
        let words = try AWSProcessKeys.words(command, of: place)
        switch await run(words) {
        case .success(let output): return try AWSProcessKeys.keys(output, of: place).found(place)
        case .failure(let fault): throw CredentialFailure("\(place) \(fault.text)")
        }
    }

    /// A token of a sign-on is renewed so many seconds before its end, as botocore does.
    private static let signOnMargin: Int64 = 900

    private func keys(
        of signOn: AWSSingleSignOn,
        profile: String,
        _ chain: AWSCredentialChain
    ) async throws(CredentialFailure) -> FetchedCredential {
        let advice = "run `aws sso login --profile \(profile)`"
        guard let folder = chain.signOnFolder else {
            throw CredentialFailure("profile \(profile) needs a sign-on, but HOME is not set")
        }
        let path = "\(folder)/\(signOn.tokenFileName)"
        guard let bytes = await readFile(path), bytes.count <= CredentialResolver.largestFile,
            var token = AWSSignOnToken(bytes)
        else { throw CredentialFailure("nobody has signed in for profile \(profile): \(advice)") }
        let now = unixSeconds()
        if token.expires - now < Self.signOnMargin,
            let call = signOn.refresh(token, chain: chain, unixSeconds: now),
            let reply = try? await transport.send(call),
            let renewed = token.renewed(by: reply, unixSeconds: now)
        {
            token = renewed
            // What was exchanged may not be exchanged again: AWS's tools must find the new one.
            await writeFile(path, renewed.file(of: signOn))
        }
        guard token.expires > now else {
            throw CredentialFailure("the sign-on of profile \(profile) has ended: \(advice)")
        }
        let reply = try await transport.send(signOn.keys(by: token, chain: chain))
        guard reply.status != 401 else {
            throw CredentialFailure("the sign-on of profile \(profile) is not accepted any more: \(advice)", .refused)
        }
        return try AWSSingleSignOn.keys(reply).found("the sign-on of profile \(profile)")
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
}

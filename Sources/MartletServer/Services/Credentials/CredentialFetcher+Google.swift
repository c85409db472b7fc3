import MartletCore
import MartletProviders

/// Tokens of Google.
extension CredentialFetcher {
    func token(_ source: GoogleCredentialSource) async throws(CredentialFailure) -> FetchedCredential {
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
        return try await token(of: file, scope).found(place)
    }

    private func token(
        of file: GoogleCredentialFile,
        _ scope: String
    ) async throws(CredentialFailure) -> FetchedCredential {
        let start = unixSeconds()
        let call: CredentialCall
        switch file.kind {
        case .serviceAccount(let account):
            call = try GoogleTokenCalls.token(of: account, scope: scope, unixSeconds: start)
        case .authorizedUser(let user): call = GoogleTokenCalls.token(of: user)
        case .impersonated(let target, by: let source):
            let own = try await token(of: source, GoogleImpersonation.scope)
            return try await token(of: target, by: own, scope, quotaProject: source.quotaProject)
        case .external(let account):
            let subject = try await subjectToken(of: account)
            guard let target = account.impersonation else {
                call = account.exchange(subject, scope: scope)
                break
            }
            let exchange = account.exchange(subject, scope: GoogleImpersonation.scope)
            let own = try OAuthTokens.token(
                in: try await transport.send(exchange),
                of: "Google's token service",
                unixSeconds: start
            )
            return try await token(of: target, by: own, scope, quotaProject: file.quotaProject)
        }
        let reply = try await transport.send(call)
        return try OAuthTokens.token(in: reply, of: "Google's token service", unixSeconds: start)
    }

    private func token(
        of target: GoogleImpersonation,
        by own: FetchedCredential,
        _ scope: String,
        quotaProject: String?
    ) async throws(CredentialFailure) -> FetchedCredential {
        guard case .token(let token) = own.value else { throw CredentialFailure("there is no token to act with") }
        let call = target.token(by: token, scope: scope, quotaProject: quotaProject)
        return try GoogleImpersonation.token(try await transport.send(call))
    }

    /// The token of the other provider.
    private func subjectToken(of account: GoogleExternalAccount) async throws(CredentialFailure) -> Secret {
        switch account.subject {
        case .file(let path):
            let place = "the subject token's file"
            return try account.subjectToken(try await content(path, place), of: "\(place) \(path)")
        case .url(let url, let fields):
            let place = "the subject token's address"
            let reply = try await transport.send(account.subjectCall(url, fields))
            guard reply.status == 200 else {
                throw CredentialFailure("\(place) answers \(reply.status)", .unusable)
            }
            return try account.subjectToken(reply.body, of: place)
        }
    }
}

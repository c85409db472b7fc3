import MartletCore
import MartletProviders

/// Fetches credentials from where a source says; the effects are injected.
struct CredentialFetcher: Sendable {
    let transport: any CredentialTransport
    /// Returns a file's bytes, or `nil` when it cannot be read.
    let readFile: @Sendable (String) async -> [UInt8]?
    /// Seconds since 1970 (UTC).
    let unixSeconds: @Sendable () -> Int64
    /// Replaces a file that only its owner may read; what cannot be written is left as it is.
    var writeFile: @Sendable (String, [UInt8]) async -> Void = { CredentialProgram.write($1, to: $0) }
    /// Runs a program and returns what it prints.
    var run: @Sendable ([String]) async -> Result<[UInt8], CredentialProgram.Fault> = {
        await CredentialProgram.run($0)
    }

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

    func content(_ path: String, _ what: String) async throws(CredentialFailure) -> [UInt8] {
        guard let bytes = await readFile(path), bytes.count <= CredentialResolver.largestFile else {
            throw CredentialFailure("\(what) \(path) cannot be read")
        }
        return bytes
    }

    /// One line of a file, as tokens stand there.
    func token(inFile path: String, _ what: String) async throws(CredentialFailure) -> String {
        let bytes = try await content(path, what)
        let text = bytes.filter { $0 != 0x0A && $0 != 0x0D }
        guard !text.isEmpty, text.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw CredentialFailure("\(what) \(path) holds no token")
        }
        return String(decoding: text, as: UTF8.self)
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

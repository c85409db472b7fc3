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
}

internal import MartletCore
internal import MartletWire

/// Keys that a program of the operator's gives (`credential_process`).
///
/// Source: AWS SDKs and Tools Reference Guide, "Process credential provider" (November 2026).
public enum AWSProcessKeys {
    /// The words of a command, which is run without a shell.
    ///
    /// - Throws: ``CredentialFailure`` when there is none, or a quote is not closed.
    public static func words(_ command: String, of place: String) throws(CredentialFailure) -> [String] {
        guard let words = ShellWords.split(command), let first = words.first, !first.isEmpty else {
            throw CredentialFailure("\(place) is no command: is a quote open?")
        }
        guard words.allSatisfy({ !$0.utf8.contains(0) }) else { throw CredentialFailure("\(place) is no command") }
        return words
    }

    /// Reads what the program printed; nothing of it is repeated in a failure.
    public static func keys(_ output: [UInt8], of place: String) throws(CredentialFailure) -> FetchedCredential {
        guard let document = try? JSONDocument(output) else {
            throw CredentialFailure("\(place) prints no JSON")
        }
        let found = document.withView { view -> Result<FetchedCredential, CredentialFailure> in
            guard view.member("Version")?.int64() == 1 else {
                return .failure(CredentialFailure("\(place) prints no Version 1"))
            }
            guard let id = view.member("AccessKeyId")?.string(), let secret = view.member("SecretAccessKey")?.string()
            else { return .failure(CredentialFailure("\(place) prints no AccessKeyId or no SecretAccessKey")) }
            let token = view.member("SessionToken")?.string().flatMap { $0.isEmpty ? nil : Secret($0) }
            let keys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token)
            var expires: Int64?
            if let text = view.member("Expiration")?.string(), !text.isEmpty {
                guard let seconds = UTCTime.unixSeconds(text) else {
                    return .failure(CredentialFailure("\(place) prints an Expiration that is no time"))
                }
                expires = seconds
            }
            return .success(FetchedCredential(.aws(keys), expires: expires))
        }
        return try AWSKeyCalls.checked(try found.get(), place)
    }
}

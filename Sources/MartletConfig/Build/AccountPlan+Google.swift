internal import MartletCore
internal import MartletProviders
internal import MartletRouting

extension CredentialReader {
    /// The file of Google's credentials that the account uses, where there is one to be read now.
    func googleFile() -> GoogleCredentialFile? {
        guard case .google = descriptor.scheme, let found = try? read(), found.authorization?.caller == nil,
            case .google(let source)? = found.authorization?.source
        else { return nil }
        func file(_ path: String) -> GoogleCredentialFile? {
            guard let bytes = try? resolver.bytes(of: path) else { return nil }
            return try? GoogleCredentialFile(bytes, from: path)
        }
        switch source.place {
        case .file(let path): return file(path)
        case .content(let text): return try? GoogleCredentialFile(Array(text.reveal().utf8), from: "it")
        case .discovered(let files, _):
            // The first that is there counts, whatever it holds.
            return files.first { (try? resolver.bytes(of: $0)) != nil }.flatMap(file)
        }
    }
}

extension AccountPlan {
    /// Adds the field that says which project calls are counted for, where the credential's file or the environment names
    /// one, unless the account has a field of its own (google-auth, `CredentialsWithQuotaProject`, read November 2026).
    mutating func addQuotaProject(_ file: GoogleCredentialFile?, _ environment: [String: String]) {
        guard case .google = descriptor.scheme, case .google? = authorization?.source, authorization?.caller == nil,
            !headers.contains(where: { $0.name == Self.quotaField })
        else { return }
        let named = environment["GOOGLE_CLOUD_QUOTA_PROJECT"].flatMap { $0.isEmpty ? nil : $0 }
        guard let project = named ?? file?.quotaProject, ProviderPlace.isPlain(project) else { return }
        headers.append(HeaderField(name: Self.quotaField, value: project))
    }

    private static var quotaField: String { "x-goog-user-project" }
}

public import MartletCore

extension GoogleCredentialSource.Place {
    /// The places of application default credentials.
    ///
    /// Source: Google Cloud, "How Application Default Credentials works" (November 2026).
    public static func discovered(in environment: [String: String]) -> Self {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        // Who names a file means it: nothing else is looked at then.
        if let file = value("GOOGLE_APPLICATION_CREDENTIALS") { return .file(file) }
        let folder = value("CLOUDSDK_CONFIG") ?? value("HOME").map { "\($0)/.config/gcloud" }
        let host = value("GCE_METADATA_HOST") ?? "metadata.google.internal"
        let isOff = value("NO_GCE_CHECK")?.lowercased() == "true"
        return .discovered(
            files: folder.map { ["\($0)/application_default_credentials.json"] } ?? [],
            metadataURL: isOff ? nil : "http://\(host)"
        )
    }
}

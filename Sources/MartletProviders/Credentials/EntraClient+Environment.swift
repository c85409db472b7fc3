public import MartletCore

extension EntraClient {
    /// Reads the application that the environment names, as Azure's own clients do; `nil` unless all of it is set.
    ///
    /// Source: `azure.identity.EnvironmentCredential` (November 2026).
    public init?(environment: [String: String], scope: String) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard let tenant = value("AZURE_TENANT_ID"), let client = value("AZURE_CLIENT_ID"),
            let secret = value("AZURE_CLIENT_SECRET")
        else { return nil }
        self.init(
            tenant: tenant,
            clientID: client,
            secret: Secret(secret),
            scope: scope,
            authority: value("AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com"
        )
    }
}

extension EntraClient {
    /// Says which of the application's variables are not set while others are; `nil` when all or none are.
    public static func whatIsMissing(in environment: [String: String]) -> String? {
        let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
        let there = names.filter { environment[$0]?.isEmpty == false }
        let missing = names.filter { !there.contains($0) }
        guard !there.isEmpty, !missing.isEmpty else { return nil }
        return "\(there.joined(separator: " and ")) \(there.count == 1 ? "is" : "are") set, but "
            + "\(missing.joined(separator: " and ")) \(missing.count == 1 ? "is" : "are") not"
    }
}

/// What a type of provider takes as proof of who asks, beside a fixed value in a header field.
///
/// Declared in the presets as `"auth"`, with `"service"` or `"scope"` beside it.
public enum AuthScheme: Sendable, Hashable {
    /// The credential stands in the header field, and in no other form (`auth` is absent).
    case field
    /// AWS keys sign requests for this service (`"auth": "aws_sigv4"`); a fixed credential is a bearer token.
    case awsSigV4(service: String)
    /// OAuth tokens of Google for this scope (`"auth": "google"`); a fixed credential is a file of credentials.
    case google(scope: String)
    /// A key in the header field, or tokens of Microsoft Entra ID for this scope (`"auth": "azure"`).
    case entra(scope: String)

    /// Reads what a preset declares; `nil` when it is none of these.
    init?(auth: String?, service: String?, scope: String?) {
        switch (auth, service, scope) {
        case (nil, nil, nil): self = .field
        case ("aws_sigv4", let service?, nil): self = .awsSigV4(service: service)
        case ("google", nil, let scope): self = .google(scope: scope ?? Self.googleScope)
        case ("azure", nil, let scope): self = .entra(scope: scope ?? Self.azureScope)
        default: return nil
        }
    }

    /// All of Google Cloud (Vertex AI, "Authentication", November 2026).
    private static let googleScope = "https://www.googleapis.com/auth/cloud-platform"
    /// Azure's AI services (Azure OpenAI, "Authentication", November 2026).
    private static let azureScope = "https://cognitiveservices.azure.com/.default"
}

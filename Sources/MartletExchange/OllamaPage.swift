/// What Ollama's routes tell without asking a model.
public enum OllamaPage: Sendable, Hashable {
    /// `/`: whether a server runs here.
    case root
    /// `GET /api/version`.
    case version
    /// `GET /api/tags`: all models.
    case tags
    /// `GET /api/ps`: models that are ready on this device.
    case processes
    /// `POST /api/show`: one model.
    case show

    /// The name in the access log.
    var name: String {
        switch self {
        case .root: "root"
        case .version: "ollama_version"
        case .tags: "ollama_tags"
        case .processes: "ollama_ps"
        case .show: "ollama_show"
        }
    }
}

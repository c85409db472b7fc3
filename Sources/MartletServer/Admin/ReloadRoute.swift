import HTTPTypes
import Hummingbird
import MartletCore

/// `POST /admin/reload`: reads the configuration again.
struct ReloadRoute: Sendable {
    /// Does it; runs on a thread that may block.
    let reload: @Sendable () -> ReloadOutcome

    /// Answers 200 when the new configuration is in force, 400 when the old one stays.
    func run(_ request: Request, _ context: ControlContext) async throws -> Response {
        _ = try QueryParameters(context.query, names: [])
        let outcome = reload()
        return .json(outcome.json, status: outcome.isAccepted ? .ok : .badRequest)
    }
}

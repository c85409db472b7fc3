import HTTPTypes
import Hummingbird
import MartletCore
import MartletStore

/// `GET /admin/requests/{id}`: what became of one request, and why.
struct RequestsRoute: Sendable {
    let ledger: UsageLedger

    /// Answers with the record of a request that ended before the call, or that runs.
    ///
    /// - Throws: `notFound` when the ledger has none.
    func show(_ request: Request, _ context: ControlContext) async throws -> Response {
        _ = try QueryParameters(context.query, names: [])
        let id = context.parameters.get("id") ?? ""
        guard let found = try await ledger.request(id) else {
            throw GatewayError(
                .notFound,
                "There is no record of a request with this id. Requests that were refused before a target was chosen have"
                    + " none, and old ones have none any more.",
                param: "id"
            )
        }
        return .json(String(decoding: RequestDocument(found).json, as: UTF8.self))
    }
}

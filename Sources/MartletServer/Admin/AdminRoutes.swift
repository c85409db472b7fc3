import HTTPTypes
import Hummingbird
import MartletConfig
import MartletCore
import MartletStore
import NIOCore

/// The paths under `/admin`.
///
/// Who may come here was checked before: every caller holds the admin scope.
struct AdminRoutes {
    /// Answers one method of a path.
    typealias Handler = @Sendable (Request, ControlContext) async throws -> Response

    let ledger: UsageLedger
    let keys: KeyStore
    /// Reads the configuration again; `nil` where that is not possible.
    var reload: (@Sendable () -> ReloadOutcome)?
    /// The registry in force; `nil` where it is not told.
    var listing: (@Sendable () -> RegistryListing)?
    /// What requests would be planned to; `nil` where it is not told.
    var preview: PlanPreview?
    /// Milliseconds since 1970.
    let wallClock: @Sendable () -> UInt64

    /// Makes the router.
    func makeRouter() -> Router<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.add(middleware: AdminErrors())
        let usage = UsageRoute(ledger: ledger, wallClock: wallClock)
        let keys = KeysRoute(keys: keys, wallClock: wallClock)
        Self.add("/admin/usage", [(.get, usage.report)], to: router)
        Self.add("/admin/requests/:id", [(.get, RequestsRoute(ledger: ledger).show)], to: router)
        Self.add("/admin/keys", [(.get, keys.list), (.post, keys.create)], to: router)
        Self.add("/admin/keys/:id", [(.get, keys.show), (.delete, keys.revoke)], to: router)
        if let reload { Self.add("/admin/reload", [(.post, ReloadRoute(reload: reload).run)], to: router) }
        if let listing { Self.add("/admin/models", [(.get, RegistryRoute(listing: listing).list)], to: router) }
        if let preview {
            let aliases = AliasRoute(preview: preview)
            Self.add("/admin/aliases", [(.get, aliases.list)], to: router)
            Self.add("/admin/aliases/resolve", [(.get, aliases.resolve)], to: router)
        }
        return router
    }

    /// Adds a path; methods it does not have answer 405 with those it has.
    private static func add(
        _ path: RouterPath,
        _ handlers: [(method: HTTPRequest.Method, handler: Handler)],
        to router: Router<ControlContext>
    ) {
        let names = handlers.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] }
        let allow = names.joined(separator: ", ")
        for entry in handlers { router.on(path, method: entry.method, use: entry.handler) }
        let others: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options]
        for method in others where !handlers.contains(where: { $0.method == method }) {
            router.on(path, method: method) { _, _ -> Response in
                throw GatewayError(.methodNotAllowed, "This path has \(allow) only.", allow: allow)
            }
        }
    }
}

extension Response {
    /// An answer of JSON text.
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}

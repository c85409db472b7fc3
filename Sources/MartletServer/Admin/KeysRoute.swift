import Hummingbird
import MartletCore
import MartletExchange
import MartletGovernance
import MartletStore

/// `/admin/keys`: gateway keys of the data directory.
struct KeysRoute: Sendable {
    let keys: KeyStore
    /// Milliseconds since 1970.
    let wallClock: @Sendable () -> UInt64

    private var now: Timestamp { Timestamp(unixSeconds: Int64(clamping: wallClock() / 1_000)) }

    /// Lists all keys, revoked and expired ones included, oldest first.
    func list(_ request: Request, _ context: ControlContext) async throws -> Response {
        .json(GatewayKey.listJSON(try keys.list()))
    }

    /// Shows one key.
    func show(_ request: Request, _ context: ControlContext) async throws -> Response {
        .json(try find(context).json)
    }

    /// Makes a key and answers 201 with its text, which is shown this one time.
    ///
    /// - Throws: `forbidden` when the key could do what its maker cannot.
    func create(_ request: Request, _ context: ControlContext) async throws -> Response {
        try KeyRequest.checkMediaType(context.contentType)
        let body = try await request.body.collect(upTo: 1 << 20)
        let wanted = try KeyRequest(Array(body.readableBytesView), now: now)
        let maker = context.principal
        // The configured admin key is the operator.
        guard maker.key == .admin || maker.scopes.isSuperset(of: wanted.scopes) else {
            let missing = wanted.scopes.subtracting(maker.scopes).names.joined(separator: ", ")
            throw GatewayError(.forbidden, "A key cannot make one that may do more: \(missing).", param: "scopes")
        }
        let made = try keys.create(
            name: wanted.name,
            scopes: wanted.scopes,
            expiresAt: wanted.expiresAt,
            maxConcurrency: wanted.maxConcurrency,
            now: now
        )
        return .json(made.json, status: .created)
    }

    /// Revokes a key and answers with it; doing it again changes nothing.
    func revoke(_ request: Request, _ context: ControlContext) async throws -> Response {
        let id = try find(context).id
        guard try keys.revoke(id, now: now) else { throw Self.unknown }
        return .json(try find(context).json)
    }

    private func find(_ context: ControlContext) throws -> GatewayKey {
        let id = APIKeyID(context.parameters.get("id") ?? "")
        guard let key = try keys.list().first(where: { $0.id == id }) else { throw Self.unknown }
        return key
    }

    private static let unknown = GatewayError(.notFound, "There is no key with this id.", param: "id")
}

/// What a caller asks of a new key.
struct KeyRequest: Hashable {
    /// The operator's name for it.
    var name = ""
    /// What it may do.
    var scopes: Scopes = [.inference]
    /// From when on it is refused.
    var expiresAt: Timestamp?
    /// Its own limit of requests in flight; 0 means none.
    var maxConcurrency = 0
}

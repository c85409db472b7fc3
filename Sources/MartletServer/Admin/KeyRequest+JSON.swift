import MartletCore
import MartletGovernance
import MartletStore
import MartletWire

extension KeyRequest {
    /// The longest name in bytes.
    static let maxNameBytes = 200

    /// Reads `{"name","scopes","expires_at","max_concurrency"}`, each of which may be missing or `null`.
    ///
    /// - Throws: `invalidJSON`, or `invalidValue` that names the member.
    init(_ body: [UInt8], now: Timestamp) throws(GatewayError) {
        self.init()
        guard !body.isEmpty else { return }
        let document: JSONDocument
        do {
            document = try JSONDocument(body, limits: JSONLimits(maxDepth: 8, maxKeys: 64))
        } catch {
            let place = "\(error.kind.rawValue) at byte \(error.offset)"
            throw GatewayError(.invalidJSON, "The body is not valid JSON (\(place)).")
        }
        do {
            self = try document.withView { view throws(JSONFieldError) in try Self.read(view) }
        } catch {
            throw GatewayError(.invalidValue, "\(error)", param: error.path.isEmpty ? nil : error.path)
        }
        if let expiresAt, expiresAt <= now {
            throw GatewayError(.invalidValue, "expires_at is not in the future.", param: "expires_at")
        }
    }

    /// Accepts JSON, and what clients send that were not told the type: a form type, or none.
    ///
    /// - Throws: `unsupportedMediaType`.
    static func checkMediaType(_ field: String?) throws(GatewayError) {
        let essence = (field ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        let isJSON =
            essence == "application/json" || essence == "text/json"
            || (essence.hasPrefix("application/") && essence.hasSuffix("+json"))
        guard isJSON || essence.isEmpty || essence == "application/x-www-form-urlencoded" else {
            throw GatewayError(.unsupportedMediaType, "The body must be application/json.")
        }
    }

    private static func read(_ view: JSONView) throws(JSONFieldError) -> KeyRequest {
        var reader = try JSONObjectReader(view)
        var wanted = KeyRequest()
        if let name = try reader.takeString("name") {
            guard name.utf8.count <= maxNameBytes, !name.unicodeScalars.contains(where: isControl) else {
                throw reader.error("name", expected: "at most \(maxNameBytes) bytes without control characters")
            }
            wanted.name = name
        }
        if let names = try reader.takeArray("scopes") {
            wanted.scopes = []
            for name in names {
                let text = try name.requireString()
                guard !text.contains(","), let scope = Scopes(names: text) else {
                    throw name.error(expected: "inference or admin")
                }
                wanted.scopes.formUnion(scope)
            }
            guard !wanted.scopes.isEmpty else { throw reader.error("scopes", expected: "at least one scope") }
        }
        if let text = try reader.takeString("expires_at") {
            guard let time = Timestamp(text) else {
                throw reader.error("expires_at", expected: "a time like 2027-01-31T00:00:00Z")
            }
            wanted.expiresAt = time
        }
        if let limit = try reader.takeInt("max_concurrency", in: 0...100_000) { wanted.maxConcurrency = Int(limit) }
        if let member = reader.rest.first {
            throw member.value.error(expected: "no such member; known are name, scopes, expires_at, max_concurrency")
        }
        return wanted
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
    }
}

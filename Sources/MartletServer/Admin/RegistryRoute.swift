import HTTPTypes
import Hummingbird
import MartletConfig
import MartletCore
import MartletProviders
import MartletWire

/// `GET /admin/models`: the whole registry with what can be asked.
struct RegistryRoute: Sendable {
    /// The registry in force.
    let listing: @Sendable () -> RegistryListing

    /// Answers with every row.
    func list(_ request: Request, _ context: ControlContext) async throws -> Response {
        _ = try QueryParameters(context.query, names: [])
        return .json(String(decoding: Self.body(listing()), as: UTF8.self))
    }

    /// The rows as a document.
    static func body(_ listing: RegistryListing) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("object", "list")
        writer.member("as_of", listing.asOf)
        writer.key("data")
        writer.beginArray()
        for row in listing.rows {
            writer.beginObject()
            writer.member("id", row.model.id)
            writer.member("provider", row.model.provider.rawValue)
            writer.member("model_name", row.model.upstreamModel)
            writer.member("state", row.state.rawValue)
            row.facts.writeMembers(to: &writer)
            let texts: [(StaticString, String?)] = [
                ("retired", row.model.retired), ("note", row.model.note), ("source", row.model.source),
                ("as_of", row.model.asOf),
            ]
            for case (let name, let text?) in texts { writer.member(name, text) }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

import MartletCore
import MartletExchange
import MartletRouting
import MartletWire
import NIOCore
import Synchronization

/// The model list, made once a snapshot and answered from memory.
final class ModelPages: Sendable {
    private struct Pages {
        /// Kept alive, so that no later snapshot can have its address.
        var snapshot: Snapshot
        var list: ByteBuffer
        var models: [ModelName: ListedModel]
    }

    private let pages = Mutex<Pages?>(nil)

    /// The list, or one model of it; `nil` when there is no such model.
    func page(_ id: String?, snapshot: Snapshot) -> PageAnswer? {
        let pages = current(snapshot)
        guard let id else { return Self.json(pages.list) }
        guard let model = pages.models[ModelName(id)] else { return nil }
        var writer = JSONWriter()
        Self.write(model, to: &writer)
        return Self.json(ByteBuffer(bytes: writer.bytes))
    }

    private func current(_ snapshot: Snapshot) -> Pages {
        pages.withLock { pages in
            if let pages, pages.snapshot === snapshot { return pages }
            let made = Self.make(snapshot)
            pages = made
            return made
        }
    }

    private static func make(_ snapshot: Snapshot) -> Pages {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for model in snapshot.listed { write(model, to: &writer) }
        writer.endArray()
        writer.endObject()
        var models: [ModelName: ListedModel] = [:]
        for model in snapshot.listed { models[ModelName(model.id)] = model }
        return Pages(
            snapshot: snapshot,
            list: ByteBuffer(bytes: writer.bytes),
            models: models
        )
    }

    private static func write(_ model: ListedModel, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", model.id)
        writer.member("object", "model")
        writer.key("created")
        writer.integer(model.created)
        writer.member("owned_by", model.ownedBy)
        model.facts.writeMembers(to: &writer)
        if let alias = model.alias {
            writer.key("alias")
            alias.write(to: &writer)
        }
        writer.endObject()
    }

    private static func json(_ body: ByteBuffer) -> PageAnswer {
        PageAnswer(status: 200, contentType: "application/json", body: body)
    }
}

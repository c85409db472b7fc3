import MartletConfig
import MartletWire

/// The model list of an engine's `GET /v1/models`.
struct EngineModels {
    /// Models of one engine that are believed.
    static let maxModels = 1_000

    /// The models, those for embeddings last, so that the first one can chat.
    let models: [LocalProbe.Model]
    /// What stands in the models' `owned_by`.
    let owners: Set<String>

    /// Reads a list; `nil` when the body is none.
    ///
    /// The context window is `meta.n_ctx` of llama-server, as it is loaded, or `max_model_len` of vLLM.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body, limits: JSONLimits(maxDepth: 32)) else { return nil }
        let read = document.withView { view -> (models: [LocalProbe.Model], owners: Set<String>)? in
            guard let data = view.member("data"), data.kind == .array else { return nil }
            return Self.read(data)
        }
        guard let read else { return nil }
        models = read.models.filter { !Self.isEmbedding($0) } + read.models.filter(Self.isEmbedding)
        owners = read.owners
    }

    private static func read(_ data: JSONView) -> (models: [LocalProbe.Model], owners: Set<String>) {
        var models: [LocalProbe.Model] = []
        var owners: Set<String> = []
        var seen: Set<[UInt8]> = []
        for entry in data.elements {
            guard models.count < maxModels else { break }
            guard let name = entry.member("id")?.string(), isName(name), seen.insert(Array(name.utf8)).inserted else {
                continue
            }
            let window = entry.member("meta")?.member("n_ctx")?.int64() ?? entry.member("max_model_len")?.int64()
            let known = window.flatMap { (1...(1 << 30)).contains($0) ? Int($0) : nil }
            models.append(LocalProbe.Model(name: name, contextWindow: known))
            if let owner = entry.member("owned_by")?.string() { owners.insert(owner) }
        }
        return (models, owners)
    }

    /// Names come from outside and are shown in lists, logs and headers.
    private static func isName(_ name: String) -> Bool {
        (1...256).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private static func isEmbedding(_ model: LocalProbe.Model) -> Bool { model.name.lowercased().contains("embed") }
}

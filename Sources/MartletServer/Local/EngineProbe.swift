import MartletConfig
import MartletCore
import MartletProviders
import MartletRouting
import MartletWire

/// What stands behind an endpoint.
enum EngineState: Sendable, Hashable {
    /// Nothing, or nothing that serves models.
    case absent
    /// Something that did not answer in time.
    case silent
    /// An engine that loads its model.
    case loading
    /// An engine that answers.
    case running(LocalProbe)
}

/// Asks one endpoint what engine it is, by GET requests only.
///
/// The order of questions: the model list, which every engine has and which often tells the engine; then what only
/// Ollama (`/api/version`), LM Studio (`/api/v1/models`, `/api/v0/models`) or llama-server (`/props`) has.
struct EngineProbe: Sendable {
    let http: any EngineHTTP
    let endpoint: Endpoint
    /// The configured type; `nil` finds it out.
    let kind: ProviderKind?
    /// Fields of the operator's for every request.
    let headers: [HeaderField]
    /// The field with an engine's own key; sent only when the engine is known by its type and asks for a key.
    let credential: @Sendable (ProviderKind) -> HeaderField?

    /// Finds out.
    func look() async -> EngineState {
        var headers = headers
        do throws(EngineFailure) {
            var answer = try await get(endpoint.basePath + "/models", headers)
            if [401, 403].contains(answer.status), let kind = kind ?? Self.kind(server: answer.server),
                let field = credential(kind)
            {
                headers.append(field)
                answer = try await get(endpoint.basePath + "/models", headers)
            }
            // A gateway's answer, ours perhaps: forwarding there would go round in a circle.
            guard !answer.isGateway else { return .absent }
            if answer.status == 503 { return Self.isLoading(answer) ? .loading : .absent }
            guard answer.status == 200, let list = EngineModels(answer.body) else { return .absent }
            let found = await found(answer, list, headers)
            return .running(
                LocalProbe(kind: found.kind, endpoint: endpoint, models: list.models, slots: found.slots)
            )
        } catch {
            return error == .timeout ? .silent : .absent
        }
    }

    private func get(_ path: String, _ headers: [HeaderField]) async throws(EngineFailure) -> EngineAnswer {
        try await http.get(endpoint, path: path, headers: headers)
    }

    /// The engine's type, and its slots when it is a llama-server.
    private func found(
        _ answer: EngineAnswer,
        _ list: EngineModels,
        _ headers: [HeaderField]
    ) async -> (kind: ProviderKind, slots: Int?) {
        let told = kind ?? Self.kind(server: answer.server) ?? Self.kind(owners: list.owners)
        if let told {
            return (told, told == .llamaServer ? await slots(headers) : nil)
        }
        if await has("/api/version", member: "version", .string, headers) { return (.ollama, nil) }
        if await has("/api/v1/models", member: "models", .array, headers) { return (.lmStudio, nil) }
        if await has("/api/v0/models", member: "data", .array, headers) { return (.lmStudio, nil) }
        if let slots = await slots(headers) { return (.llamaServer, slots) }
        return (.openAICompatible, nil)
    }

    /// The base path without the part of the OpenAI surface.
    private var root: String {
        endpoint.basePath.hasSuffix("/v1") ? String(endpoint.basePath.dropLast(3)) : endpoint.basePath
    }

    /// Whether a path answers 200 with an object that has a member of a type.
    private func has(_ path: String, member: StaticString, _ type: JSONKind, _ headers: [HeaderField]) async -> Bool {
        guard let document = await document(path, headers) else { return false }
        return document.withView { $0.member(member)?.kind == type }
    }

    /// `total_slots` of llama-server's `/props`.
    private func slots(_ headers: [HeaderField]) async -> Int? {
        guard let document = await document("/props", headers) else { return nil }
        let slots = document.withView { $0.member("total_slots")?.int64() }
        return slots.flatMap { (1...65_536).contains($0) ? Int($0) : nil }
    }

    private func document(_ path: String, _ headers: [HeaderField]) async -> JSONDocument? {
        guard let answer = try? await get(root + path, headers), answer.status == 200 else { return nil }
        return try? JSONDocument(answer.body)
    }

    private static func kind(server: String?) -> ProviderKind? {
        server?.lowercased().hasPrefix("llama.cpp") == true ? .llamaServer : nil
    }

    private static func kind(owners: Set<String>) -> ProviderKind? {
        if owners.contains("llamacpp") { return .llamaServer }
        if owners.contains("organization_owner") { return .lmStudio }
        if owners.contains(ProviderKind.vllm.rawValue) { return .vllm }
        return owners.contains("library") ? .ollama : nil
    }

    /// llama-server answers every path with 503 while it loads.
    private static func isLoading(_ answer: EngineAnswer) -> Bool {
        if kind(server: answer.server) != nil { return true }
        guard let document = try? JSONDocument(answer.body) else { return false }
        return document.withView { $0.member("error")?.member("message")?.equalsString("Loading model") == true }
    }
}

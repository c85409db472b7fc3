import MartletCore
import MartletDialects
import MartletRouting
import NIOCore

/// Ollama's routes that only tell about models, and its requests that only load one: answered from memory.
extension Exchange {
    /// The version of Ollama whose routes are spoken; clients look whether it is new enough for them.
    static let ollamaVersion = "0.12.6"
    /// How long a model is said to stay ready; that is up to its own engine.
    private static let readySeconds: Int64 = 300

    /// A page.
    func ollamaPage(_ page: OllamaPage) -> PageAnswer {
        switch page {
        case .root:
            return PageAnswer(
                status: 200,
                contentType: "text/plain; charset=utf-8",
                body: ByteBuffer(string: "Martlet is running\n")
            )
        case .version: return Self.json(OllamaCatalog.version(Self.ollamaVersion))
        case .tags: return Self.json(OllamaCatalog.tags(snapshot.listed.map { describe($0) }))
        case .processes:
            let now = Int64(receivedWall / 1_000)
            return Self.json(OllamaCatalog.processes(readyModels, expires: now + Self.readySeconds))
        case .show: return PageAnswer(status: 404, contentType: "application/json", body: ByteBuffer())
        }
    }

    private static func json(_ bytes: [UInt8]) -> PageAnswer {
        PageAnswer(status: 200, contentType: "application/json", body: ByteBuffer(bytes: bytes))
    }

    /// Models on this device.
    private var readyModels: [OllamaModel] {
        guard case .running = snapshot.local else { return [] }
        return snapshot.listed.filter { snapshot.models[ModelName($0.id)]?.targets.first?.isLocal ?? false }
            .map { describe($0) }
    }

    private func describe(_ model: ListedModel) -> OllamaModel {
        OllamaModel(id: model.id, created: model.created, target: snapshot.models[ModelName(model.id)]?.targets.first)
    }

    /// Answers `POST /api/show`.
    mutating func showModel(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        let page: PageAnswer
        do throws(GatewayError) {
            guard let name = OllamaCatalog.shownModel(body.bytes) else {
                throw GatewayError(.missingRequiredParameter, "Missing required parameter: 'model'.", param: "model")
            }
            var quiet = QuietPlanning()
            var unread = DecisionTrace()
            let plan = try Self.planned(PlanRequest(model: name), in: snapshot, &quiet, &unread)
            let listed = snapshot.listed.first { $0.id == plan.label }
            page = Self.json(
                OllamaCatalog.show(
                    OllamaModel(id: name, created: listed?.created ?? 0, target: plan.targets.first)
                )
            )
        } catch {
            return refuse(error, closing: false, &env, &actions)
        }
        respond(with: page, &env, &actions)
    }

    /// The plan of a request of Ollama's clients: a name that they gave the tag `latest` means the one without it where
    /// only that exists.
    static func planned(
        _ request: PlanRequest,
        in snapshot: Snapshot,
        _ env: inout some PlanningEnvironment,
        _ trace: inout DecisionTrace
    ) throws(GatewayError) -> Plan {
        guard let name = request.model.map({ ModelName($0) }), snapshot.models[name] == nil,
            let short = OllamaModelName.withoutLatest(name)
        else { return try Planner.plan(request, in: snapshot, asking: &env, trace: &trace) }
        // The tag is one that an engine of Ollama's knows.
        if snapshot.models[short] == nil,
            let plan = try? Planner.plan(request, in: snapshot, asking: &env, trace: &trace),
            plan.targets.contains(where: { $0.dialect == .ollamaChat })
        {
            return plan
        }
        var request = request
        request.model = short.rawValue
        return try Planner.plan(request, in: snapshot, asking: &env, trace: &trace)
    }

    /// The answer to a request that only loads a model; the one that has it decides that by itself.
    func loadAnswer() -> PageAnswer? {
        guard surface == .ollama, facts.messageCount == 0, facts.imageParts == 0 else { return nil }
        if embedding != nil { return embeddingLoadAnswer().map { Self.json(Array($0.readableBytesView)) } }
        guard case .chat(let dialect) = endpoint, let load = body.ollamaLoad(facts) else { return nil }
        return Self.json(load.answer(dialect, context: callerContext()))
    }
}

extension RequestBody {
    /// Whether the body only loads or unloads a model.
    fileprivate func ollamaLoad(_ facts: RequestFacts) -> OllamaLoad? {
        let asked = try? unsafe reading { (bytes, scanner) throws(GatewayError) in
            unsafe OllamaLoad(bytes, scanner: scanner, facts: facts)
        }
        return asked ?? nil
    }
}

extension OllamaModel {
    /// A model as far as the gateway knows it.
    fileprivate init(id: String, created: Int64, target: Target?) {
        let name = target?.upstreamModel ?? id
        var capabilities = ["completion", "tools"]
        if name.lowercased().contains("embed") {
            capabilities = ["embedding"]
        } else if FIMFamily(model: name) != nil {
            capabilities.append("insert")
        }
        self.init(id: id, modified: created, contextWindow: target?.contextWindow, capabilities: capabilities)
    }
}

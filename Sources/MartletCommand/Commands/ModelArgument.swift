import ArgumentParser
import MartletWire

/// The model that a command talks to.
struct ModelArgument: ParsableArguments {
    @Argument(
        help: "The model's name, or an alias; `auto` lets the gateway choose.",
        completion: .custom { _, _, _ in await ModelNames.running(.standard) }
    )
    var model: String

    mutating func validate() throws {
        if model.isEmpty { throw ValidationError("MODEL is empty") }
    }
}

/// The names that the shell offers.
enum ModelNames {
    /// Asks the running gateway, with a key from the environment; none when it does not answer at once.
    @concurrent
    static func running(_ console: Console) async -> [String] {
        guard let url = try? AddressOptions.address(flag: nil, environment: console.environment) else { return [] }
        let key = try? ClientKey.find(flag: nil, input: nil, environment: console.environment)
        let client = GatewayClient(
            url: url,
            key: key,
            caFile: AddressOptions.caFile(environment: console.environment)
        )
        guard let reply = try? await client.get(url.endpoint("/models"), within: 2), reply.failure == nil else {
            return []
        }
        return ModelList(reply.body)?.models.map(\.id) ?? []
    }
}

/// The answer of `GET /models`.
struct ModelList: Hashable {
    /// One model.
    struct Model: Hashable {
        /// The name to ask for.
        var id: String
        /// The account that it is of.
        var owner: String
        /// Whether it stands for others.
        var isAlias = false
    }

    /// The models in the gateway's order.
    var models: [Model]

    /// Reads the answer; `nil` when it is of another shape.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let models = document.withView { view -> [Model]? in
            guard let data = view.member("data"), data.kind == .array else { return nil }
            return data.elements.compactMap { element in
                guard let id = element.member("id")?.string() else { return nil }
                return Model(
                    id: id,
                    owner: element.member("owned_by")?.string() ?? "",
                    isAlias: element.member("alias") != nil
                )
            }
        }
        guard let models else { return nil }
        self.models = models
    }
}

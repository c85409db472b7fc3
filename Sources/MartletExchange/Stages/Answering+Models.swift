import MartletCore
import MartletDialects
import MartletRouting
import NIOCore

/// Lists of models as Anthropic's clients read them, made from the snapshot.
extension Exchange {
    /// Answers with a page of the list, or with one model.
    mutating func answerModels(
        _ id: String?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let body: [UInt8]
        let snapshot = snapshot
        do throws(GatewayError) {
            if let id {
                // Byte by byte: names that merely look alike are others.
                guard let model = snapshot.listed.first(where: { $0.id.utf8.elementsEqual(id.utf8) }) else {
                    throw GatewayError(
                        .modelNotFound,
                        "The model `\(id)` does not exist or this key may not use it.",
                        param: "model"
                    )
                }
                body = AnthropicModelList.body(Self.anthropicModel(model, in: snapshot))
            } else {
                let page = try AnthropicModelList.Page(query: QueryParameters.parse(head.query ?? ""))
                body = AnthropicModelList.body(
                    snapshot.listed.map { Self.anthropicModel($0, in: snapshot) },
                    page: page
                )
            }
        } catch {
            return refuse(error, closing: hasBody, &env, &actions)
        }
        respond(
            with: PageAnswer(status: 200, contentType: "application/json", body: ByteBuffer(bytes: body)),
            &env,
            &actions
        )
    }

    private static func anthropicModel(_ model: ListedModel, in snapshot: Snapshot) -> AnthropicModelList.Model {
        AnthropicModelList.Model(
            id: model.id,
            created: model.created,
            maxInputTokens: snapshot.models[ModelName(model.id)]?.targets.first?.contextWindow
        )
    }
}

/// The parameters of a query (WHATWG URL, "application/x-www-form-urlencoded parsing").
enum QueryParameters {
    /// Splits a query and decodes names and values; what cannot be decoded stays as it is.
    static func parse(_ query: String) -> [(name: String, value: String)] {
        query.utf8.split(separator: UInt8(ascii: "&")).prefix(100).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring.UTF8View) -> String {
        var out: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), !digits.contains(0x2B)
            {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

import Foundation
import MartletCore
import MartletProviders
import MartletTesting
import Testing

/// What one provider's server was asked, and what it answers, composed from the provider's documentation.
struct ProviderFixture: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: String
    /// The provider's own name of a model.
    let model: String
    let isReasoning: Bool
    /// Further lines of the account's table.
    let account: String
    let cases: [Case]

    var testDescription: String { name }

    /// One request and its answer.
    struct Case: Sendable {
        let name: String
        let path: String
        /// The caller's body, but for the model.
        let body: Data
        let reply: Reply
    }

    /// What the server answers.
    struct Reply: Sendable {
        let status: Int
        let type: String
        let body: [UInt8]

        var isStream: Bool { type == "text/event-stream" }

        /// The answer as a script.
        var script: UpstreamScript {
            let head =
                "HTTP/1.1 \(status) Scripted\r\ncontent-type: \(type)\r\ncontent-length: \(body.count)\r\n\r\n"
            return UpstreamScript([.write(Array(head.utf8) + body)])
        }
    }

    /// Where the files are.
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Fixtures/providers").standardizedFileURL

    /// Every provider's, by name.
    static let all: [ProviderFixture] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let callers = json("common.json")["callers"] as? [String: [String: Any]] ?? [:]
        return names.sorted().filter { $0.hasSuffix(".json") && !$0.hasSuffix(".expected.json") && $0 != "common.json" }
            .map { ProviderFixture(String($0.dropLast(5)), json($0), callers) }
    }()

    static func json(_ file: String) -> [String: Any] {
        let data = (try? Data(contentsOf: folder.appending(path: file))) ?? Data()
        return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    }

    private init(_ name: String, _ file: [String: Any], _ callers: [String: [String: Any]]) {
        self.name = name
        kind = file["kind"] as? String ?? ""
        model = file["model"] as? String ?? ""
        isReasoning = file["reasons"] as? Bool ?? false
        account = file["account"] as? String ?? ""
        cases = (file["cases"] as? [[String: Any]] ?? []).map { row in
            let name = row["name"] as? String ?? ""
            let caller = row["caller"] as? [String: Any] ?? callers[row["caller"] as? String ?? name] ?? [:]
            return Case(
                name: name,
                path: caller["path"] as? String ?? "",
                body: (try? JSONSerialization.data(withJSONObject: caller["body"] ?? [:], options: .sortedKeys))
                    ?? Data(),
                reply: Reply(row["reply"] as? [String: Any] ?? [:])
            )
        }
    }

    /// The configuration of a gateway with the provider alone, as model `m`.
    func toml(at upstream: ScriptedUpstream) -> String {
        let descriptor = ProviderCatalog.builtIn.descriptor(named: kind)
        // A type that has a path of its own puts it there.
        let path = descriptor?.basePath == nil ? "/v1" : ""
        let abilities = isReasoning ? #"capabilities = ["stream", "tools", "json_schema", "reasoning"]"# : ""
        return """
            [reliability]
            retry = { base_delay_s = 0.001 }
            [gateway.providers.up]
            type = "\(kind)"
            base_url = "http://127.0.0.1:\(upstream.port)\(path)"
            api_key_location = "env::FIXTURE_KEY"
            \(account)
            [models.m]
            routing = ["up"]
            \(abilities)
            [models.m.providers.up]
            model_name = "\(model)"
            """
    }
}

extension ProviderFixture.Reply {
    fileprivate init(_ file: [String: Any]) {
        status = file["status"] as? Int ?? 200
        if let events = file["events"] as? [Any] {
            type = "text/event-stream"
            body = events.flatMap { event -> [UInt8] in
                if let text = event as? String {
                    return Array((text.hasPrefix(":") ? text : "data: " + text).utf8) + [10, 10]
                }
                return Array("data: ".utf8) + Self.bytes(event) + [10, 10]
            }
        } else if let text = file["text"] as? String {
            type = "text/plain"
            body = Array(text.utf8)
        } else {
            type = "application/json"
            body = Self.bytes(file["json"] ?? [:])
        }
    }

    private static func bytes(_ value: Any) -> [UInt8] {
        (try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes]))
            .map { Array($0) } ?? []
    }
}

/// What was seen of one case, for comparing with what was reviewed.
struct ProviderSighting {
    var value: [String: Any] = [:]

    /// A text that is the same wherever the values are.
    static func text(_ value: Any) -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let data = (try? JSONSerialization.data(withJSONObject: value, options: options)) ?? Data()
        // Ids and times that the gateway makes differ each time.
        return String(decoding: data, as: UTF8.self)
            .replacing(/"(chatcmpl|msg|cmpl|resp)[-_][0-9a-f-]{20,}"/) { "\"\($0.output.1)-made\"" }
            .replacing(/"created" : (?!1790000000|0\b)[0-9]+/) { _ in "\"created\" : 1" }
    }

    /// A body as values: an object, the events of a stream, or text.
    static func body(_ bytes: [UInt8]) -> Any {
        if let object = try? JSONSerialization.jsonObject(with: Data(bytes)) { return object }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("data: ") else { return text }
        return text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { event -> Any in
            let lines = event.components(separatedBy: "\n").filter { $0.hasPrefix("data: ") }
            let data = Data(lines.map { $0.dropFirst(6) }.joined().utf8)
            return (try? JSONSerialization.jsonObject(with: data)) ?? event
        }
    }
}

import Foundation
import MartletCore
import MartletDialects
import Testing

/// The table of what maps to what, made by the codecs themselves.
private enum TranslationTable {
    static let begin = "<!-- The table is written by TranslationTableTests. -->"
    static let end = "<!-- The end of the table. -->"

    static var page: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Documentation/translation.md")
            .standardizedFileURL
    }

    /// The formats that a target may speak.
    private static let columns: [(title: String, codec: any ChatCodec)] = [
        ("OpenAI chat", Dialect.openAIChat), ("Responses", .openAIResponses), ("Anthropic", .anthropicMessages),
        ("Ollama", .ollamaChat), ("Gemini", .gemini),
        ("Ollama", .ollamaChat), ("Bedrock Converse", .bedrockConverse),
    ].compactMap { title, dialect in dialect.codec(CodecSettings(account: "a")).map { (title, $0) } }

    static func text() throws -> String {
        var lines: [String] = []
        for (group, features) in TranslationFeature.all {
            lines += ["### \(group)", "", "| | " + columns.map(\.title).joined(separator: " | ") + " |"]
            lines.append("|---|" + String(repeating: "---|", count: columns.count))
            for feature in features {
                let cells = try columns.map { try cell(feature, $0.codec) }
                lines.append("| \(feature.title) | " + cells.joined(separator: " | ") + " |")
            }
            lines.append("")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What becomes of a feature: the members that it changes, and those of the caller that are named as dropped.
    private static func cell(_ feature: TranslationFeature, _ codec: any ChatCodec) throws -> String {
        let request = try OpenAIChatCodec().decodeRequest(feature.body())
        let without = try codec.encodeRequest(OpenAIChatCodec().decodeRequest(feature.body(isWithout: true)))
        let encoded: EncodedRequest
        do throws(GatewayError) {
            encoded = try codec.encodeRequest(request)
        } catch {
            return "refused, `\(error.param ?? "")`"
        }
        let dropped = encoded.dropped.filter { !without.dropped.contains($0) }.map { "`\($0)`" }
        let old = try leaves(without.body)
        var changed: [String] = []
        for (path, value) in try leaves(encoded.body).sorted(by: { $0.key < $1.key }) where old[path] != value {
            let name = "`\(member(path))`"
            if !changed.contains(name) { changed.append(name) }
        }
        // That something has a role and a type goes without saying.
        let plain = changed.filter { !$0.hasSuffix(".role`") && !$0.hasSuffix(".type`") }
        if !plain.isEmpty { changed = plain }
        let isShorter = try !Set(old.keys).isSubset(of: leaves(encoded.body).keys)
        switch (changed.isEmpty && !isShorter, dropped.isEmpty) {
        case (true, true): return "nothing to send"
        case (true, false): return "**dropped**"
        case (false, true): return changed.isEmpty ? "left out" : changed.joined(separator: ", ")
        case (false, false):
            return (changed.isEmpty ? "left out" : changed.joined(separator: ", ")) + "; named: "
                + dropped.joined(separator: ", ")
        }
    }

    /// The name of the member that a leaf belongs to, as deep as it says something: `tools`, `messages.content`.
    private static func member(_ path: String) -> String {
        let names = path.split(separator: ".").map { $0.prefix { $0 != "[" } }
        let container = ["messages", "output_config", "options", "thinking", "system"].contains(
            names.first.map(String.init)
        )
        return names.prefix(container ? 2 : 1).joined(separator: ".")
    }
}

@Suite("The table of translations") struct TranslationTableTests {
    /// `MARTLET_WRITE_TABLE=1 swift test --filter TranslationTable` writes the page anew.
    @Test func `in the documentation is what the codecs do`() throws {
        let table = try TranslationTable.text()
        let page = try String(contentsOf: TranslationTable.page, encoding: .utf8)
        let parts = page.components(separatedBy: TranslationTable.begin)
        try #require(parts.count == 2)
        let rest = parts[1].components(separatedBy: TranslationTable.end)
        try #require(rest.count == 2)
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_TABLE"] != nil {
            let text = "\(parts[0])\(TranslationTable.begin)\n\n\(table)\(TranslationTable.end)\(rest[1])"
            try text.write(to: TranslationTable.page, atomically: true, encoding: .utf8)
            return
        }
        #expect(rest[0] == "\n\n" + table, "write it anew: MARTLET_WRITE_TABLE=1 swift test --filter TranslationTable")
    }

    @Test func `has each row once`() {
        let titles = TranslationFeature.all.flatMap { $0.features.map(\.title) }
        #expect(Set(titles).count == titles.count && titles.count > 50)
    }
}

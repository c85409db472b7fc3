import Foundation
import MartletCore
import MartletProviders
import Testing

/// Compares the registry with the table it was made from, by a reading of the table of its own.
@Suite("Registry and its table") struct RegistryTableTests {
    private static let rows: [[String: String]] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../scripts/data/models.csv")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        let lines = text.split(separator: "\n").map(fields)
        guard let columns = lines.first else { return [] }
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(columns, $0)) }
    }()

    /// The fields of a line of comma-separated values (RFC 4180).
    private static func fields(_ line: Substring) -> [String] {
        var out = [""]
        var isQuoted = false
        var wasQuote = false
        for character in line {
            if character == "\"" {
                if !isQuoted, wasQuote { out[out.count - 1].append(character) }
                isQuoted.toggle()
                wasQuote = !isQuoted
                continue
            }
            wasQuote = false
            if character == ",", !isQuoted { out.append("") } else { out[out.count - 1].append(character) }
        }
        return out
    }

    /// Dollars per million tokens as pico-dollars a token.
    private static func pico(_ text: String?) -> Int64? {
        guard let text, !text.isEmpty, let value = Decimal(string: text) else { return nil }
        return NSDecimalNumber(decimal: value * 1_000_000).int64Value
    }

    @Test("every row of the table is in the registry with the same facts, and nothing else is")
    func agrees() throws {
        #expect(Self.rows.count == 230 && ModelRegistry.builtIn.models.count == Self.rows.count)
        for (cells, model) in zip(Self.rows, ModelRegistry.builtIn.models) {
            let name: Comment = "\(model.id) at \(model.provider.rawValue)"
            #expect(model.id == cells["id"] && model.provider.rawValue == cells["provider"], name)
            #expect(model.upstreamModel == cells["provider_model_id"] && model.kind.rawValue == cells["kind"], name)
            #expect(model.contextWindow == cells["context_window"].flatMap { Int($0) }, name)
            #expect(model.maxOutputTokens == cells["max_output_tokens"].flatMap { Int($0) }, name)
            #expect(model.input?.picoUSD == Self.pico(cells["input_usd_per_mtok"]), name)
            #expect(model.output?.picoUSD == Self.pico(cells["output_usd_per_mtok"]), name)
            #expect(model.cacheRead?.picoUSD == Self.pico(cells["cached_input_usd_per_mtok"]), name)
            #expect(model.cacheWrite?.picoUSD == Self.pico(cells["cache_write_usd_per_mtok"]), name)
            #expect(model.tools == cells["supports_tools"].flatMap { Bool($0) }, name)
            #expect(model.vision == cells["supports_vision"].flatMap { Bool($0) }, name)
            #expect(model.jsonSchema == cells["supports_json_schema"].flatMap { Bool($0) }, name)
            #expect(model.reasoning == cells["supports_reasoning"].flatMap { Bool($0) }, name)
            #expect(model.dimensions == cells["embedding_dims"].flatMap { Int($0) }, name)
            #expect(model.asOf == cells["source_date"], name)
        }
    }

    @Test("what the notes say of dates, tiers, sources and batches is in the registry")
    func notes() throws {
        for (cells, model) in zip(Self.rows, ModelRegistry.builtIn.models) {
            let notes = cells["notes"] ?? ""
            let name: Comment = "\(model.id) at \(model.provider.rawValue): \(notes)"
            #expect((model.retired != nil) == notes.contains("RETIRED"), name)
            if let day = model.retired { #expect(notes.contains("RETIRED \(day)"), name) }
            #expect((model.retires != nil) == notes.contains("retirement announced"), name)
            if let day = model.retires { #expect(notes.contains("retirement announced \(day)"), name) }
            #expect((model.longPrompt != nil) == notes.contains("prompt above"), name)
            if let tier = model.longPrompt {
                #expect(notes.contains("above \(tier.aboveTokens / 1_000)k tokens"), name)
            }
            #expect((model.batchPercent != nil) == notes.contains("batch x"), name)
            if notes.contains("1h cache write") { #expect(model.cacheWrite1h != nil, name) }
            if notes.contains("src: ") {
                let source = try #require(model.source)
                #expect(notes.hasSuffix("src: \(source)"), name)
            }
            if let note = model.note { #expect(note.split(separator: "; ").allSatisfy { notes.contains($0) }, name) }
        }
    }

    @Test("every price of every tier of one model is there")
    func tiers() throws {
        let model = try #require(ModelRegistry.builtIn.model("claude-haiku-5-5", at: ProviderKind("anthropic")))
        #expect(model.cacheWrite1h == TokenPrice(picoUSD: 200_000))
        #expect(model.batchPercent == 50)
        #expect(
            model.longPrompt
                == RegisteredModel.LongPromptTier(
                    aboveTokens: 100_000,
                    input: TokenPrice(picoUSD: 500_000),
                    output: TokenPrice(picoUSD: 2_500_000),
                    cacheRead: TokenPrice(picoUSD: 50_000),
                    cacheWrite: TokenPrice(picoUSD: 625_000),
                    cacheWrite1h: TokenPrice(picoUSD: 1_000_000)
                )
        )
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

/// Writes random requests in which every value is unlike every other.
private struct BodyMaker {
    var generator: SeededGenerator
    private var count = 0

    init(seed: UInt64) { generator = SeededGenerator(state: seed) }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

    private mutating func text() -> String {
        count += 1
        return "\"zq\(count)zq\""
    }

    private mutating func number() -> String {
        count += 1
        return "\(1_000_000 + count)"
    }

    private mutating func fraction() -> String {
        count += 1
        return "\(Double(count) / 8_192)"
    }

    private mutating func value(_ depth: Int = 0) -> String {
        switch below(depth > 2 ? 2 : 4) {
        case 0: return text()
        case 1: return number()
        case 2: return "[\(value(depth + 1)),\(value(depth + 1))]"
        default: return "{\"k\":\(value(depth + 1))}"
        }
    }

    mutating func body(_ members: [(String, Kind)]) -> String {
        var all: [String] = []
        for (name, kind) in members where below(100) < 60 || kind == .needed || kind == .neededList {
            let value =
                switch kind {
                case .text, .needed: text()
                case .list: "[\(text()),\(text())]"
                case .neededList: below(2) == 0 ? text() : "[\(text()),\(text())]"
                case .number: number()
                case .fraction: fraction()
                case .any: value()
                case .options:
                    "{\"seed\":\(number()),\"temperature\":\(fraction()),\"mirostat\":\(value()),\"stop\":[\(text())]}"
                }
            all.append("\"\(name)\":\(value)")
        }
        return "{" + all.shuffled(using: &generator).joined(separator: ",") + "}"
    }

    enum Kind { case text, needed, list, neededList, number, fraction, any, options }
}

private let embeddingsMembers: [(String, BodyMaker.Kind)] = [
    ("model", .text), ("input", .neededList), ("dimensions", .number), ("user", .text), ("x", .any), ("y", .any),
    ("options", .any), ("keep_alive", .text), ("truncate", .any),
]
private let ollamaEmbeddingsMembers: [(String, BodyMaker.Kind)] = [
    ("model", .text), ("input", .neededList), ("dimensions", .number), ("x", .any), ("options", .options),
    ("keep_alive", .number), ("truncate", .text),
]
private let completionsMembers: [(String, BodyMaker.Kind)] = [
    ("model", .text), ("prompt", .needed), ("suffix", .text), ("max_tokens", .number), ("temperature", .fraction),
    ("top_p", .fraction), ("presence_penalty", .fraction), ("frequency_penalty", .fraction), ("seed", .number),
    ("stop", .list), ("user", .text), ("logit_bias", .any), ("best_of", .number), ("x", .any), ("n", .number),
]
private let generateMembers: [(String, BodyMaker.Kind)] = [
    ("model", .text), ("prompt", .needed), ("system", .text), ("suffix", .text), ("template", .text), ("context", .any),
    ("keep_alive", .text), ("x", .any), ("options", .options), ("raw", .text),
]
private let simpleMembers: [(String, BodyMaker.Kind)] = [
    ("model", .text), ("message", .needed), ("system", .text), ("max_tokens", .number), ("temperature", .fraction),
    ("user", .text), ("x", .any), ("session", .text),
]

@Suite("The smaller surfaces lose nothing in silence") struct SurfacesNothingLostTests {
    /// Whether a path is one of the named ones or below one.
    private static func isNamed(_ path: String, _ dropped: [String]) -> Bool {
        dropped.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
    }

    /// Checks that each value stands in what was sent, or is named, and not both; and that each name means something.
    private func check(_ body: String, _ sent: EncodedRequest) throws {
        let before = try leaves(Array(body.utf8))
        let values = Set(try leaves(sent.body).values)
        #expect(Set(sent.dropped).count == sent.dropped.count)
        for (dotted, value) in before {
            let path = String(dotted.dropFirst())
            let isSent = values.contains(value)
            #expect(isSent != Self.isNamed(path, sent.dropped), "\(path) = \(value) in \(body): \(sent.dropped)")
        }
        for name in sent.dropped {
            #expect(before.keys.contains { Self.isNamed(String($0.dropFirst()), [name]) }, "\(name) in \(body)")
        }
    }

    private func bodies(_ members: [(String, BodyMaker.Kind)]) -> [String] {
        (1...60 as ClosedRange<UInt64>).map { seed in
            var maker = BodyMaker(seed: seed)
            return maker.body(members)
        }
    }

    @Test func `embeddings`() throws {
        let (openAI, ollama) = (OpenAIEmbeddingsCodec(), OllamaEmbedCodec(truncates: nil))
        for body in bodies(embeddingsMembers) {
            let request = try openAI.decodeRequest(Array(body.utf8))
            try check(body, openAI.encodeRequest(request))
            try check(body, ollama.encodeRequest(request))
        }
        for body in bodies(ollamaEmbeddingsMembers) {
            let request = try ollama.decodeRequest(Array(body.utf8))
            try check(body, openAI.encodeRequest(request))
            try check(body, ollama.encodeRequest(request))
        }
    }

    @Test func `completions`() throws {
        let ollama = OllamaSettings(context: nil, truncates: nil)
        for body in bodies(completionsMembers) {
            let request = try OpenAICompletionsCodec().decodeRequest(Array(body.utf8))
            try check(body, OpenAICompletionsCodec().encodeRequest(request))
            try check(body, OpenAIChatCodec().encodeRequest(request))
            if (request.sampling.count ?? 1) == 1 {
                try check(body, OllamaChatCodec(settings: ollama).encodeRequest(request))
            }
            guard FIMPlan.isFIM(request), request.sampling.count == nil else { continue }
            try check(body, FIMPlan(request, route: .fim).request)
            try check(body, FIMPlan(request, route: .infill).request)
        }
    }

    @Test func `prompts of Ollama`() throws {
        let settings = OllamaSettings(context: nil, truncates: nil)
        for body in bodies(generateMembers) {
            let request = try OllamaGenerateCodec().decodeRequest(Array(body.utf8))
            try check(body, OllamaGenerateCodec(settings: settings).encodeRequest(request))
            try check(body, OllamaChatCodec(settings: settings).encodeRequest(request))
            try check(body, OpenAIChatCodec().encodeRequest(request))
        }
    }

    @Test func `one message`() throws {
        for body in bodies(simpleMembers) {
            let request = try SimpleChatCodec().decodeRequest(Array(body.utf8))
            try check(body, SimpleChatCodec().encodeRequest(request))
            try check(body, OpenAIChatCodec().encodeRequest(request))
            try check(
                body,
                OllamaChatCodec(settings: OllamaSettings(context: nil, truncates: nil)).encodeRequest(request)
            )
        }
    }
}

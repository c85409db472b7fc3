import MartletCore
import MartletDialects
import MartletWire
import Testing

/// Writes random requests of OpenAI's shape in which every value that can be told apart is unlike every other.
private struct RequestMaker {
    var generator: SeededGenerator
    private var count = 0

    init(seed: UInt64) { generator = SeededGenerator(state: seed) }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

    /// A text that stands nowhere else.
    private mutating func mark() -> String {
        count += 1
        return "zq\(count)zq"
    }

    private mutating func text() -> String { "\"\(mark())\"" }

    private mutating func number() -> String {
        count += 1
        return "\(1_000_000 + count)"
    }

    private mutating func base64() -> String {
        let mark = mark()
        return mark + String(repeating: "A", count: (4 - mark.utf8.count % 4) % 4)
    }

    private mutating func value(_ depth: Int = 0) -> String {
        switch below(depth > 2 ? 2 : 4) {
        case 0: return text()
        case 1: return number()
        case 2: return "[\(value(depth + 1)),\(value(depth + 1))]"
        default: return "{\"k\":\(value(depth + 1)),\"l m\":\(value(depth + 1))}"
        }
    }

    /// Members of which each is there or not.
    private mutating func members(_ all: [(Int, String, (inout RequestMaker) -> String)]) -> [String] {
        all.compactMap { percent, name, make in chance(percent) ? "\"\(name)\":\(make(&self))" : nil }
    }

    private mutating func object(_ first: [String], _ rest: [(Int, String, (inout RequestMaker) -> String)]) -> String {
        "{" + (first + members(rest)).joined(separator: ",") + "}"
    }

    private mutating func part() -> String {
        switch below(7) {
        case 0, 1: return object([#""type":"text""#, "\"text\":\(text())"], [(20, "cache_control", { $0.value() })])
        case 2:
            let data = "data:image/png;base64,\(base64())"
            let detail = ["low", "high", "auto"][below(3)]
            let inner = object(
                ["\"url\":\"\(data)\""],
                [(50, "detail", { _ in "\"\(detail)\"" }), (20, "y", { $0.value() })]
            )
            return object([#""type":"image_url""#, "\"image_url\":\(inner)"], [(20, "z", { $0.value() })])
        case 3: return "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.org/\(mark())\"}}"
        case 4:
            let inner = object(["\"data\":\"\(base64())\""], [(30, "x", { $0.value() })])
            return object([#""type":"input_audio""#, "\"input_audio\":\(inner)"], [])
        case 5: return "{\"type\":\"file\",\"file\":{\"file_id\":\(text()),\"filename\":\(text())}}"
        default: return "{\"type\":\"unheard\",\"unheard\":\(value())}"
        }
    }

    private mutating func content() -> String {
        chance(50) ? text() : "[" + (0...below(4)).map { _ in part() }.joined(separator: ",") + "]"
    }

    private mutating func call(_ id: String) -> String {
        if chance(20) {
            return object(
                ["\"id\":\"\(id)\"", #""type":"custom""#, "\"custom\":{\"name\":\(text()),\"input\":\(text())}"],
                []
            )
        }
        let arguments = [#"{\"a\":\"\#(mark())\",\"b\":[\#(number())]}"#, "broken \(mark())", ""][below(3)]
        let inner = object(["\"name\":\(text())", "\"arguments\":\"\(arguments)\""], [(20, "x", { $0.value() })])
        return object(
            ["\"id\":\"\(id)\"", #""type":"function""#, "\"function\":\(inner)"],
            [(20, "y", { $0.value() })]
        )
    }

    private mutating func messages() -> [String] {
        var messages: [String] = []
        for _ in 0...below(5) {
            switch below(6) {
            case 0, 1:
                let role = ["user", "system", "developer", "critic"][below(4)]
                messages.append(
                    object(
                        ["\"role\":\"\(role)\"", "\"content\":\(content())"],
                        [(30, "name", { $0.text() }), (20, "x_msg", { $0.value() })]
                    )
                )
            case 2:
                messages.append(
                    object(
                        [#""role":"assistant""#, "\"content\":\(content())"],
                        [
                            (40, "reasoning_content", { $0.text() }), (30, "refusal", { $0.text() }),
                            (20, "name", { $0.text() }),
                        ]
                    )
                )
            case 3:
                messages.append(
                    object([#""role":"function""#, "\"content\":\(text())", "\"name\":\(text())"], [])
                )
            default:
                let ids = (0...below(3)).map { _ in mark() }
                let calls = ids.map { call($0) }.joined(separator: ",")
                messages.append(
                    object([#""role":"assistant""#, "\"tool_calls\":[\(calls)]"], [(30, "content", { $0.content() })])
                )
                for id in ids.shuffled(using: &generator) where chance(90) {
                    messages.append(
                        object(
                            [#""role":"tool""#, "\"tool_call_id\":\"\(id)\"", "\"content\":\(content())"],
                            [(20, "name", { $0.text() }), (20, "x_tool", { $0.value() })]
                        )
                    )
                }
            }
        }
        return messages
    }

    private mutating func tool() -> String {
        switch below(5) {
        case 0: return "{\"type\":\"custom\",\"custom\":{\"name\":\(text())}}"
        case 1: return "{\"type\":\"function\",\"name\":\(text())}"
        default:
            let inner = object(
                ["\"name\":\(text())"],
                [
                    (60, "description", { $0.text() }), (60, "parameters", { $0.value() }),
                    (30, "strict", { $0.chance(50) ? "true" : "false" }), (20, "x", { $0.value() }),
                ]
            )
            return object([#""type":"function""#, "\"function\":\(inner)"], [(20, "y", { $0.value() })])
        }
    }

    private mutating func format() -> String {
        switch below(4) {
        case 0: return #"{"type":"json_object"}"#
        case 1: return #"{"type":"text"}"#
        case 2: return "{\"type\":\"grammar\",\"grammar\":\(text())}"
        default:
            let inner = object(
                ["\"name\":\(text())"],
                [
                    (80, "schema", { $0.value() }), (40, "description", { $0.text() }),
                    (40, "strict", { $0.chance(50) ? "true" : "false" }), (20, "x", { $0.value() }),
                ]
            )
            return object([#""type":"json_schema""#, "\"json_schema\":\(inner)"], [(20, "y", { $0.value() })])
        }
    }

    private mutating func fraction() -> String {
        count += 1
        return "\(Double(count) / 8_192)"
    }

    mutating func body() -> String {
        let messages = messages().joined(separator: ",")
        let tools = (0..<below(4)).map { _ in tool() }.joined(separator: ",")
        return object(
            ["\"model\":\(text())", "\"messages\":[\(messages)]", "\"tools\":[\(tools)]"],
            [
                (30, "tool_choice", { ["\"auto\"", "\"none\"", "\"required\""][$0.below(3)] }),
                (30, "parallel_tool_calls", { $0.chance(50) ? "true" : "false" }),
                (40, "max_completion_tokens", { $0.number() }), (40, "max_tokens", { $0.number() }),
                (40, "temperature", { $0.fraction() }), (40, "top_p", { $0.fraction() }),
                (40, "top_k", { $0.number() }), (40, "seed", { $0.number() }),
                (40, "presence_penalty", { $0.fraction() }), (40, "frequency_penalty", { $0.fraction() }),
                (30, "n", { $0.chance(50) ? "1" : "3" }), (30, "logprobs", { $0.chance(50) ? "true" : "false" }),
                (30, "top_logprobs", { "\($0.below(21))" }),
                (40, "stop", { $0.chance(50) ? $0.text() : "[\($0.text()),\($0.text())]" }),
                (40, "response_format", { $0.format() }),
                (40, "reasoning_effort", { ["\"none\"", "\"minimal\"", "\"high\"", "\"odd\""][$0.below(4)] }),
                (40, "stream", { $0.chance(50) ? "true" : "false" }),
                (
                    40, "stream_options",
                    { "{\"include_usage\":true,\"include_obfuscation\":false,\"x\":\($0.value())}" }
                ),
                (30, "user", { $0.text() }), (30, "metadata", { "{\"app\":\($0.text()),\"b c\":\($0.text())}" }),
                (30, "route", { $0.chance(50) ? "\"local\"" : $0.text() }), (30, "smart_routing", { _ in "true" }),
                (30, "keep_alive", { $0.chance(50) ? $0.text() : $0.number() }),
                (30, "truncate", { $0.chance(50) ? "true" : $0.value() }),
                (30, "options", { "{\"num_ctx\":\($0.number()),\"seed\":\($0.number()),\"mirostat\":\($0.value())}" }),
                (30, "min_p", { $0.chance(70) ? $0.number() : $0.text() }),
                (30, "think", { $0.chance(50) ? "true" : $0.text() }),
                (30, "format", { $0.value() }), (30, "logit_bias", { $0.value() }), (30, "x y", { $0.value() }),
                (30, "functions", { $0.value() }),
            ]
        )
    }
}

@Suite("Ollama requests lose nothing in silence") struct OllamaNothingLostTests {
    /// Whether a path is one of the named ones or below one.
    private static func isNamed(_ path: String, _ dropped: [String]) -> Bool {
        dropped.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
    }

    /// The unmistakable texts of a value.
    private static func marks(_ value: String) -> [String] {
        value.split(separator: "zq").filter { $0.allSatisfy(\.isNumber) }.map { "zq\($0)zq" }
    }

    /// What stands for a value that can be mistaken for others; `nil` where no rule knows the path.
    private static func isCarried(_ path: String, _ value: String, _ sent: [String: String]) -> Bool? {
        let last = path.split(whereSeparator: { $0 == "." || $0 == "[" }).last ?? ""
        let roles = ["developer": "system", "function": "tool"]
        switch (last, value) {
        case ("role", _):
            let name = String(value.dropFirst())
            return sent.contains { $0.key.hasSuffix(".role") && $0.value == "\"" + (roles[name] ?? name) }
        case ("stream", _): return sent[".stream"] == value
        case ("logprobs", _): return sent[".logprobs"] == value
        case ("top_logprobs", _): return sent[".top_logprobs"] == value
        case ("truncate", _): return sent[".truncate"] == value
        case ("think", "true"): return sent[".think"] == value
        case ("reasoning_effort", "\"none"): return sent[".think"] == "false"
        case ("reasoning_effort", "\"minimal"): return sent[".think"] == "\"low"
        case ("reasoning_effort", "\"high"): return sent[".think"] == "\"high"
        case ("type", "\"json_object"): return sent[".format"] == "\"json"
        // They say what happens anyway, tell the kind of what stands beside them, or speak to the gateway.
        case ("type", _), ("detail", "\"auto"), ("n", "1.0"), ("parallel_tool_calls", "true"),
            ("tool_choice", "\"auto"), ("include_usage", _), ("include_obfuscation", "false"), ("smart_routing", _),
            ("route", "\"local"), ("arguments", "\""):
            return true
        case ("strict", _): return path.hasPrefix("response_format") || value == "false"
        case ("tool_choice", "\"none"): return sent[".tools[0].function.name"] == nil
        default: return nil
        }
    }

    @Test(arguments: 1...20)
    func `each leaf is mapped, passed or named`(_ block: UInt64) throws {
        for seed in (block * 100)..<(block * 100 + 20) {
            var maker = RequestMaker(seed: seed)
            let body = maker.body()
            let before = try leaves(Array(body.utf8))
            var dropped: [String] = []
            let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
            let encoded = OllamaChatCodec().encodeRequest(request, dropped: &dropped)
            let sent = try leaves(encoded)
            let text = String(decoding: encoded, as: UTF8.self)
            let numbers = Set(sent.values)
            #expect(Set(dropped).count == dropped.count, "\(dropped)")
            for (dotted, value) in before {
                let path = Self.path(dotted)
                let named = Self.isNamed(path, dropped)
                let marks = Self.marks(value)
                if !marks.isEmpty {
                    for mark in marks { #expect(text.contains(mark) != named, "\(path) = \(value) in \(body)") }
                } else if let number = Double(value),
                    number > 1_000_000 || path.hasSuffix("_p") || path.hasSuffix("y")
                        || path.hasSuffix("temperature")
                {
                    #expect(numbers.contains(value) != named, "\(path) = \(value) in \(body)")
                } else if !named {
                    #expect(Self.isCarried(path, value, sent) == true, "\(path) = \(value) in \(body)")
                }
            }
        }
    }

    /// The path as it is named: no dot in front, odd names in brackets.
    private static func path(_ dotted: String) -> String {
        var path = String(dotted.dropFirst())
        for odd in ["l m", "b c"] {
            path = path.split(separator: "." + odd, omittingEmptySubsequences: false).joined(separator: "[\"\(odd)\"]")
        }
        if path == "x y" || path.hasPrefix("x y.") || path.hasPrefix("x y[") { path = "[\"x y\"]" + path.dropFirst(3) }
        return path
    }

    @Test func `each name stands for something the caller sent`() throws {
        for seed in 5_000..<5_200 as Range<UInt64> {
            var maker = RequestMaker(seed: seed)
            let body = maker.body()
            let paths = try leaves(Array(body.utf8)).keys.map(Self.path)
            var dropped: [String] = []
            let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
            _ = OllamaChatCodec().encodeRequest(request, dropped: &dropped)
            for name in dropped {
                #expect(paths.contains { Self.isNamed($0, [name]) }, "\(name) in \(body)")
            }
        }
    }
}

import MartletWire

/// Measures the strict JSON scan by itself; prints one JSON object: microseconds for about 100 KB of each kind of document.
@main
struct ScanBench {
    static func main() throws {
        let documents = [
            ("chat", chat("The quick brown fox jumps over the lazy dog. ")),
            ("chat_escapes", chat("The quick brown fox jumps over\n \"the lazy\" dog.\n")),
            ("chat_chinese", chat("敏捷的棕色狐狸跳过了懒狗。")),
            ("tools", tools()),
        ]
        var fields: [String] = []
        for (name, bytes) in documents { fields.append("\"\(name)\":\(try best(bytes))") }
        print("{" + fields.joined(separator: ",") + "}")
    }

    /// Microseconds for 100,000 bytes, the best of many rounds.
    private static func best(_ bytes: [UInt8]) throws -> Double {
        var best = Double.infinity
        for _ in 0..<40 {
            let began = ContinuousClock.now
            for _ in 0..<40 {
                var scanner = JSONScanner()
                try scanner.finish(bytes.span)
            }
            let time = (ContinuousClock.now - began).components
            let microseconds = Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12
            best = min(best, microseconds / 40 * 100_000 / Double(bytes.count))
        }
        return best
    }

    /// A chat request whose messages hold about 9 KB of one sentence each.
    private static func chat(_ sentence: String) -> [UInt8] {
        let text = String(repeating: sentence, count: 9_000 / sentence.utf8.count)
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("messages")
            writer.array { writer in
                while writer.bytes.count < 100_000 {
                    writer.object { writer in
                        writer.key("role")
                        writer.string("user")
                        writer.key("content")
                        writer.string(text)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// A chat request with many tools: nearly all of it is structure.
    private static func tools() -> [UInt8] {
        let schema =
            #"{"type":"object","properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["c","f"]},"#
            + #""days":{"type":"integer","minimum":1}},"required":["city"]}"#
        let tools = (0..<450).map { #"{"type":"function","function":{"name":"get_\#($0)","parameters":\#(schema)}}"# }
        return Array(
            (#"{"messages":[{"role":"user","content":"hi"}],"tools":["# + tools.joined(separator: ",") + "]}").utf8
        )
    }
}

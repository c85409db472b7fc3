/// A strict reader of Prometheus's text format 0.0.4: anything that the format does not allow is an error.
struct PrometheusText {
    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
        var value: String
    }

    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]
    private(set) var samples: [Sample] = []

    init(_ text: String) throws {
        guard text.utf8.last == UInt8(ascii: "\n") else { throw Violation(description: "no line feed at the end") }
        var family = ""
        var finished: Set<String> = []
        var seen: Set<String> = []
        // On bytes: a carriage return before a line feed must not hide it.
        for bytes in text.utf8.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let line = String(decoding: Array(bytes), as: UTF8.self)
            if line.hasPrefix("# ") {
                let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
                guard words.count == 4 else { throw Violation(description: "short comment: \(line)") }
                let name = words[2]
                guard Self.isName(name) else { throw Violation(description: "bad name: \(line)") }
                if name != family {
                    if !family.isEmpty { finished.insert(family) }
                    guard !finished.contains(name) else { throw Violation(description: "family in pieces: \(name)") }
                    family = name
                }
                switch words[1] {
                case "HELP":
                    guard helps.updateValue(words[3], forKey: name) == nil, !words[3].contains("\\") else {
                        throw Violation(description: "bad or second HELP: \(line)")
                    }
                case "TYPE":
                    guard ["counter", "gauge", "histogram"].contains(words[3]),
                        types.updateValue(words[3], forKey: name) == nil
                    else { throw Violation(description: "bad or second TYPE: \(line)") }
                default: throw Violation(description: "unknown comment: \(line)")
                }
                continue
            }
            let sample = try Self.sample(line)
            let isHistogram = types[family] == "histogram"
            let suffix = sample.name.dropFirst(family.count)
            guard types[family] != nil, helps[family] != nil, sample.name.hasPrefix(family),
                isHistogram ? ["_bucket", "_sum", "_count"].contains(suffix) : suffix.isEmpty
            else { throw Violation(description: "outside its family: \(line)") }
            guard types[family] != "counter" || family.hasSuffix("_total") else {
                throw Violation(description: "a counter's name ends in _total: \(family)")
            }
            let identity = "\(sample.name) \(sample.labels.sorted { $0.key < $1.key })"
            guard seen.insert(identity).inserted else { throw Violation(description: "sample twice: \(line)") }
            samples.append(sample)
        }
    }

    /// The value of a sample with exactly these labels.
    func value(_ name: String, _ labels: [String: String] = [:]) -> String? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    func samples(of name: String) -> [Sample] { samples.filter { $0.name == name } }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Array(line.utf8)[...]
        func fail(_ reason: String) -> Violation { Violation(description: "\(reason): \(line)") }
        func take(while isPart: (UInt8) -> Bool) -> String {
            let part = rest.prefix(while: isPart)
            rest = rest.dropFirst(part.count)
            return String(decoding: part, as: UTF8.self)
        }
        func take(_ byte: Unicode.Scalar) throws {
            guard rest.popFirst() == UInt8(ascii: byte) else { throw fail("no \(byte)") }
        }
        let name = take { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") }
        guard isName(name) else { throw fail("bad name") }
        var labels: [String: String] = [:]
        if rest.first == UInt8(ascii: "{") {
            repeat {
                rest = rest.dropFirst()
                let label = take { $0 != UInt8(ascii: "=") }
                guard isName(label), !label.contains(":") else { throw fail("bad label") }
                try take("=")
                try take("\"")
                var value: [UInt8] = []
                while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                    guard byte == UInt8(ascii: "\\") else {
                        value.append(byte)
                        continue
                    }
                    switch rest.popFirst() {
                    case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
                    case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
                    case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
                    default: throw fail("bad escape")
                    }
                }
                guard
                    let text = String(validating: value, as: UTF8.self),
                    labels.updateValue(text, forKey: label) == nil
                else { throw fail("bad or double label") }
            } while rest.first == UInt8(ascii: ",")
            try take("}")
        }
        try take(" ")
        let value = String(decoding: rest, as: UTF8.self)
        guard let number = Double(value), !value.contains(" "), number >= 0 else { throw fail("bad value") }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func isName(_ name: String) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = name.utf8.first, !digits.contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }
}

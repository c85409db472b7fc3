import MartletCore
import MartletExchange
import MartletGovernance
import MartletStore

/// One request in the access log.
struct AccessLine: Sendable {
    /// How a line looks.
    enum Format: Sendable {
        /// `name=value` pairs; `-` stands for what is not known.
        case text
        /// One JSON object.
        case json
    }

    private enum Value {
        /// Something that may hold any character.
        case text(String?)
        /// A number or `true`, written as it is.
        case plain(String?)
    }

    private let time: UInt64
    private let requestID: String
    private let endpoint: String
    private let status: Int
    private let provider: String
    private let model: String
    private let key: APIKeyID?
    private let attempts: Int
    private let usage: Usage?
    private let cost: NanoUSD?
    private let duration: Duration
    private let firstToken: Duration?
    private let isStream: Bool?

    /// Takes what a line says from an outcome.
    ///
    /// - Parameters:
    ///   - outcome: How the request ended.
    ///   - requestID: The id in the response's `x-request-id`.
    ///   - time: Milliseconds since 1970.
    init(_ outcome: Outcome, requestID: String, time: UInt64) {
        self.time = time
        self.requestID = requestID
        endpoint = outcome.endpoint
        status = outcome.status
        provider = outcome.provider
        model = outcome.model
        key = outcome.record?.key ?? outcome.key
        attempts = outcome.attempts.count
        usage = outcome.usage
        cost = outcome.cost
        duration = outcome.duration
        firstToken = outcome.firstToken
        isStream = outcome.record?.streamed
    }

    private var members: [(name: String, value: Value)] {
        [
            ("time", .text(Self.text(time))),
            ("request_id", .text(requestID.isEmpty ? nil : requestID)),
            ("endpoint", .text(endpoint)),
            ("status", .plain(String(status))),
            ("provider", .text(provider)),
            ("model", .text(model)),
            ("key", .text(key?.rawValue)),
            ("attempts", .plain(String(attempts))),
            ("input_tokens", .plain(usage.map { String($0.inputTokens) })),
            ("output_tokens", .plain(usage.map { String($0.outputTokens) })),
            ("cost_usd", .text(cost?.usdText)),
            ("duration_ms", .plain(Self.milliseconds(duration))),
            ("ttft_ms", .plain(firstToken.map(Self.milliseconds))),
            ("stream", .plain(isStream.map { String($0) })),
        ]
    }

    /// Appends the line with its line feed.
    func append(to output: inout [UInt8], format: Format) {
        for (index, member) in members.enumerated() {
            switch format {
            case .text: Self.appendText(member, isFirst: index == 0, to: &output)
            case .json: Self.appendJSON(member, isFirst: index == 0, to: &output)
            }
        }
        if format == .json { output.append(UInt8(ascii: "}")) }
        output.append(UInt8(ascii: "\n"))
    }

    private static func appendText(_ member: (name: String, value: Value), isFirst: Bool, to output: inout [UInt8]) {
        if !isFirst { output.append(UInt8(ascii: " ")) }
        output.append(contentsOf: member.name.utf8)
        output.append(UInt8(ascii: "="))
        switch member.value {
        case .plain(let text): output.append(contentsOf: (text ?? "-").utf8)
        case .text(nil): output.append(UInt8(ascii: "-"))
        case .text(let text?):
            if isPlain(text) {
                output.append(contentsOf: text.utf8)
            } else {
                appendQuoted(text, to: &output)
            }
        }
    }

    private static func appendJSON(_ member: (name: String, value: Value), isFirst: Bool, to output: inout [UInt8]) {
        output.append(contentsOf: (isFirst ? "{\"" : ",\"").utf8)
        output.append(contentsOf: member.name.utf8)
        output.append(contentsOf: "\":".utf8)
        switch member.value {
        case .plain(let text): output.append(contentsOf: (text ?? "null").utf8)
        case .text(nil): output.append(contentsOf: "null".utf8)
        case .text(let text?): appendQuoted(text, to: &output)
        }
    }

    /// Whether a value cannot be mistaken for anything else in a line of pairs.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text != "-"
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                    && byte != UInt8(ascii: "\\")
            }
    }

    /// Appends a JSON string literal; everything that could end or recolour a terminal's line is escaped.
    private static func appendQuoted(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                output.append(UInt8(ascii: "\\"))
                output.append(contentsOf: String(scalar).utf8)
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                output.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
            default: output.append(contentsOf: String(scalar).utf8)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// `2026-11-20T10:00:00.123Z`.
    private static func text(_ time: UInt64) -> String {
        let part = String(time % 1_000)
        let seconds = Timestamp(unixSeconds: Int64(clamping: time / 1_000)).description.dropLast()
        return "\(seconds).\(String(repeating: "0", count: 3 - part.utf8.count))\(part)Z"
    }

    /// Milliseconds with three places.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = max(0, duration.attoseconds / 1_000_000_000_000)
        let part = String(microseconds % 1_000)
        return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - part.utf8.count))\(part)"
    }
}

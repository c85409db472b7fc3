public import MartletCore
import MartletWire

extension UpstreamFailure {
    /// Reads an error body: `{"error":{"code","message","status","details"}}`, the same in a list of one, or any other
    /// shape.
    ///
    /// The type is the status (`RESOURCE_EXHAUSTED`), the code the reason that the details give. A bad key, the quota of
    /// a day that is used up, and a prompt that is too long get the codes OpenAI clients know them by.
    ///
    /// - Parameter body: The body, in full or as far as it was read.
    public init(gemini body: [UInt8]) {
        guard let document = try? JSONDocument(body) else {
            self.init(openAI: body)
            return
        }
        self = document.withView { UpstreamFailure(geminiShape: $0) }
    }

    /// Reads the failure that stands in place of an answer; `nil` when the value looks like no failure.
    init?(geminiAnswer view: JSONView) {
        let inner = view.kind == .array ? view.elements.first { _ in true } : view
        guard let error = inner?.member("error"), !error.isNull else { return nil }
        self.init(geminiShape: view)
    }

    init(geminiShape view: JSONView) {
        self.init(anyShape: view)
        let inner = view.kind == .array ? view.elements.first { _ in true } : view
        guard let error = inner?.member("error"), error.kind == .object else { return }
        // The number repeats the status of the answer.
        code = nil
        type = error.member("status")?.string().flatMap { 1...64 ~= $0.utf8.count ? $0 : nil } ?? type
        for detail in error.member("details")?.elements.prefix(16).map({ $0 }) ?? [] {
            if let reason = detail.member("reason")?.string(), 1...64 ~= reason.utf8.count {
                // A bad key is answered with 400, as the caller's mistakes are.
                code = code ?? (reason == "API_KEY_INVALID" ? "invalid_api_key" : reason)
            }
            if let delay = detail.member("retryDelay")?.string() { retryAfter = retryAfter ?? Self.duration(delay) }
            for violation in detail.member("violations")?.elements.prefix(16).map({ $0 }) ?? []
            where violation.member("quotaId")?.string()?.contains("PerDay") == true {
                // The day's quota does not come back within any wait.
                code = "insufficient_quota"
            }
        }
        guard type == "INVALID_ARGUMENT", code == nil else { return }
        if message.contains("input token count") {
            code = "context_length_exceeded"
        } else if message.hasPrefix("API key not valid") || message.hasPrefix("API key expired") {
            // Proxies and older answers leave the details out.
            code = "invalid_api_key"
        }
    }
}

extension UpstreamFailure {
    /// Reads seconds as Google writes them (`34s`, `1.5s`), rounded up; at most an hour.
    private static func duration(_ text: String) -> Duration? {
        guard text.utf8.last == UInt8(ascii: "s"), text.utf8.count <= 32, let seconds = Double(text.dropLast()),
            0...1e9 ~= seconds
        else { return nil }
        return .seconds(Int64(min(seconds, 3_600).rounded(.up)))
    }
}

/// Writes the error body of Google's APIs: `{"error":{"code","message","status"}}`.
enum GeminiError {
    static func encode(_ error: GatewayError) -> [UInt8] {
        let http = error.code.status
        return body(http, error.message, word(http))
    }

    static func encode(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        let own = failure.type.flatMap { words.contains($0) ? $0 : nil }
        return body(status, failure.message, own ?? word(status))
    }

    /// The word of a status.
    ///
    /// - SeeAlso: google/rpc/code.proto.
    private static func word(_ status: Int) -> String {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 402, 429: "RESOURCE_EXHAUSTED"
        case 499: "CANCELLED"
        case 408, 504: "DEADLINE_EXCEEDED"
        case 501: "UNIMPLEMENTED"
        case 502, 503, 529: "UNAVAILABLE"
        case 500...: "INTERNAL"
        default: "INVALID_ARGUMENT"
        }
    }

    private static let words: Set<String> = [
        "INVALID_ARGUMENT", "FAILED_PRECONDITION", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND",
        "RESOURCE_EXHAUSTED", "CANCELLED", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED",
        "OUT_OF_RANGE", "ABORTED",
    ]

    private static func body(_ code: Int, _ message: String, _ status: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 128)
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("code", code)
                writer.member("message", message)
                writer.member("status", status)
            }
        }
        return writer.bytes
    }
}

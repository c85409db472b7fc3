public import MartletCore
import MartletWire

extension UpstreamFailure {
    /// Reads an error body in any of the shapes OpenAI-compatible servers use.
    ///
    /// `{"error":{…}}`, `{"error":"text"}`, `{"object":"error",…}`, `{"message":…}`, `{"detail":"text"}`,
    /// `{"detail":[{"msg":…}]}`, a list of one of these, or plain text. The first message-like text wins.
    ///
    /// - Parameter body: The body, in full or as far as it was read.
    public init(openAI body: [UInt8]) {
        if let document = try? JSONDocument(body) {
            self = document.withView { UpstreamFailure(anyShape: $0) }
        } else {
            self.init(message: Self.plainText(body))
        }
    }

    /// The longest message that is kept, in bytes.
    static let longestMessage = 4_096

    /// Reads the failure of an answer that has one; `nil` when the value looks like no failure.
    init?(answer view: JSONView) {
        guard view.kind == .object else { return nil }
        if let error = view.member("error"), !error.isNull {
            self.init(anyShape: view)
            return
        }
        if view.member("choices") != nil { return nil }
        guard
            view.member("object")?.equalsString("error") == true || view.member("message")?.kind == .string
                || view.member("detail") != nil
        else { return nil }
        self.init(anyShape: view)
    }

    init(anyShape view: JSONView) {
        var view = view
        // A list of errors: the first one speaks.
        if view.kind == .array, let first = view.elements.first(where: { _ in true }) { view = first }
        if let error = view.member("error"), !error.isNull {
            if error.kind == .object {
                self.init(fields: error)
                // OpenRouter puts the provider's own words into `metadata.raw`; some put code and type outside.
                code = code ?? Self.label(view.member("code"))
                type = type ?? Self.label(view.member("type"))
                if Self.tellsOfBadKey(error) { code = "invalid_api_key" }
                if Self.tellsOfModeration(error) { code = "content_filter" }
            } else {
                self.init(fields: view)
                message = Self.text(error) ?? message
                // xAI's code beside a sentence says which rule of HTTP's was broken, whatever the sentence is about.
                if error.kind == .string, message.hasPrefix("Incorrect API key provided") { code = nil }
            }
            if message.isEmpty { message = Self.text(view.member("message")) ?? "" }
        } else if view.kind == .string {
            self.init(message: Self.text(view) ?? "")
        } else {
            self.init(fields: view)
        }
        if type == "error" { type = nil }
        classifySentence()
    }

    private init(fields view: JSONView) {
        self.init(
            message: Self.text(view.member("message")) ?? Self.text(view.member("detail"))
                ?? Self.text(view.member("msg")) ?? "",
            type: Self.label(view.member("type")),
            code: Self.label(view.member("code")),
            param: Self.label(view.member("param")) ?? Self.place(view.member("message")) ?? Self.place(view)
        )
    }

    /// Whether Google says that it does not know the key, which it answers with 400, at its OpenAI-compatible address too.
    private static func tellsOfBadKey(_ error: JSONView) -> Bool {
        guard let details = error.member("details"), details.kind == .array else { return false }
        return details.elements.prefix(16).contains { $0.member("reason")?.equalsString("API_KEY_INVALID") == true }
    }

    /// Whether OpenRouter says that a moderator refused the input, which it answers with 403 as it does a bad key.
    private static func tellsOfModeration(_ error: JSONView) -> Bool {
        guard let metadata = error.member("metadata") else { return false }
        return metadata.member("reasons")?.kind == .array || metadata.member("flagged_input")?.kind == .string
    }

    /// The member that a list of findings is about (`{"detail":[{"loc":["body","seed"],"msg":…}]}`), as a path.
    private static func place(_ view: JSONView?) -> String? {
        guard let list = view?.member("detail"), let first = list.elements.first(where: { _ in true }),
            let place = first.member("loc")
        else { return nil }
        let names = place.elements.prefix(16).compactMap { label($0) }.filter { $0 != "body" }
        return names.isEmpty ? nil : cut(names.joined(separator: "."))
    }

    /// The first message-like text of a value: itself, or that of its first element or of its `message` or `msg`.
    private static func text(_ view: JSONView?) -> String? {
        var next = view
        for _ in 0..<4 {
            guard let view = next else { return nil }
            switch view.kind {
            case .string: return view.string().map { cut($0) }
            case .array: next = view.elements.first(where: { _ in true })
            case .object: next = view.member("message") ?? view.member("msg") ?? view.member("detail")
            default: return nil
            }
        }
        return nil
    }

    /// A short name that may be written as a number.
    private static func label(_ view: JSONView?) -> String? {
        guard let view else { return nil }
        switch view.kind {
        case .string: return view.string().flatMap { $0.isEmpty ? nil : cut($0) }
        case .number: return view.int64().map(String.init)
        default: return nil
        }
    }

    private static func plainText(_ body: [UInt8]) -> String {
        var bytes = body[...]
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
        return cut(String(decoding: bytes.prefix(longestMessage + 4), as: UTF8.self))
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestMessage else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: longestMessage)
        while end > text.utf8.startIndex, String.Index(end, within: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text[..<end])
    }
}

extension UpstreamFailure {
    /// The code, unless it is the number of a status, which says nothing beside the status.
    var spokenCode: String? { code?.utf8.allSatisfy { (0x30...0x39).contains($0) } == true ? nil : code }
}

/// Writes the error body of OpenAI's API: `{"error":{"message","type","param","code"}}`.
public enum OpenAIChatError {
    /// Encodes an error body.
    ///
    /// - Parameter error: The error.
    public static func encode(_ error: GatewayError) -> [UInt8] {
        var writer = JSONWriter(reserving: 160)
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", error.message)
                writer.member("type", error.code.openAIType)
                writer.key("param")
                if let param = error.param { writer.string(param) } else { writer.null() }
                writer.member("code", error.code.rawValue)
            }
        }
        return writer.bytes
    }

    /// Encodes an error body with an upstream's own words.
    ///
    /// - Parameters:
    ///   - failure: What the upstream said.
    ///   - status: The status shown to the caller; stands in for a type the upstream did not give.
    public static func encode(_ failure: UpstreamFailure, status: Int = 500) -> [UInt8] {
        let (type, code) = words(failure, status)
        var writer = JSONWriter(reserving: 160)
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", failure.message)
                writer.member("type", type)
                writer.key("param")
                if let param = failure.param { writer.string(param) } else { writer.null() }
                writer.key("code")
                if let code { writer.string(code) } else { writer.null() }
            }
        }
        return writer.bytes
    }

    /// The type and code of a failure in OpenAI's words; a type of Anthropic's that has no equal stays as the code.
    private static func words(_ failure: UpstreamFailure, _ status: Int) -> (type: String, code: String?) {
        switch failure.type {
        case "overloaded_error", "api_error", "timeout_error": ("server_error", failure.code ?? failure.type)
        case "not_found_error": ("invalid_request_error", failure.code ?? "model_not_found")
        case "rate_limit_error": ("rate_limit_error", failure.code ?? "rate_limit_exceeded")
        case nil where status == 404: ("invalid_request_error", failure.code ?? "model_not_found")
        case nil where status == 429: ("rate_limit_error", failure.code ?? "rate_limit_exceeded")
        case "request_too_large", "conflict_error", "authentication_error":
            ("invalid_request_error", failure.code ?? failure.type)
        case "billing_error": ("insufficient_quota", "insufficient_quota")
        case let type? where type.utf8.contains(where: { (0x41...0x5A).contains($0) }):
            // OpenAI's are small letters: this is a class of another vendor's (`ThrottlingException`).
            (foreignType(status), failure.spokenCode ?? type)
        case let type?: (type, failure.code)
        case nil: (status < 500 ? "invalid_request_error" : "server_error", failure.code)
        }
    }

    private static func foreignType(_ status: Int) -> String {
        switch status {
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// Encodes the event that ends a stream after the response head was sent; no `[DONE]` follows it.
    ///
    /// - Parameters:
    ///   - error: The error.
    ///   - output: Receives the bytes of the event.
    public static func appendEvent(_ error: GatewayError, to output: inout [UInt8]) {
        SSEWriter.appendEvent(data: encode(error), to: &output)
    }
}

public import MartletCore
import MartletWire

extension UpstreamFailure {
    /// Reads an error body: `{"type":"error","error":{"type","message","details"}}`, or any other shape.
    ///
    /// The code is that of the details, where there is one; a prompt that is too long gets the code OpenAI clients
    /// know it by (`context_length_exceeded`).
    ///
    /// - Parameter body: The body, in full or as far as it was read.
    public init(anthropic body: [UInt8]) {
        guard let document = try? JSONDocument(body) else {
            self.init(openAI: body)
            return
        }
        self = document.withView { UpstreamFailure(anthropicShape: $0) }
    }

    /// Reads the failure that stands in place of an answer; `nil` when the value looks like no failure.
    init?(anthropicAnswer view: JSONView) {
        guard view.kind == .object, view.member("content") == nil else { return nil }
        let hasError = view.member("error").map { !$0.isNull } ?? false
        guard hasError || view.member("type")?.equalsString("error") == true || view.member("message")?.kind == .string
        else { return nil }
        self.init(anthropicShape: view)
    }

    init(anthropicShape view: JSONView) {
        self.init(anyShape: view)
        if let detail = view.member("error")?.member("details")?.member("error_code")?.string(), !detail.isEmpty,
            detail.utf8.count <= Self.longestMessage
        {
            code = detail
        }
        if code == nil, type == "invalid_request_error", message.hasPrefix("prompt is too long") {
            code = "context_length_exceeded"
        }
    }
}

/// Writes the error body of Anthropic's API: `{"type":"error","error":{"type","message"}}`.
public enum AnthropicMessagesError {
    /// Encodes an error body.
    ///
    /// - Parameters:
    ///   - error: The error.
    ///   - requestID: Stands in the body.
    public static func encode(_ error: GatewayError, requestID: String? = nil) -> [UInt8] {
        body(type: error.code.anthropic.type, message: error.message, code: error.code.rawValue, requestID)
    }

    /// Encodes an error body with an upstream's own words.
    ///
    /// - Parameters:
    ///   - failure: What the upstream said.
    ///   - status: The status shown to the caller; decides the type, so that both say the same.
    ///   - requestID: Stands in the body.
    public static func encode(_ failure: UpstreamFailure, status: Int, requestID: String? = nil) -> [UInt8] {
        let known = failure.type.flatMap { types.contains($0) ? $0 : nil }
        let byStatus = type(of: status)
        // Other vendors say `invalid_request_error` to statuses that have words of their own here.
        let isGeneral = byStatus == "invalid_request_error" || byStatus == "api_error"
        return body(
            type: isGeneral ? known ?? byStatus : byStatus,
            message: failure.message,
            code: failure.spokenCode,
            requestID
        )
    }

    /// The error type of a status.
    ///
    /// - SeeAlso: Anthropic API reference, "Errors".
    static func type(of status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 408, 504: "timeout_error"
        case 409: "conflict_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }

    private static let types: Set<String> = [
        "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
        "timeout_error", "conflict_error", "request_too_large", "rate_limit_error", "overloaded_error", "api_error",
    ]

    /// The words of an error: clients know a prompt that must be shortened by how they begin.
    ///
    /// - Parameters:
    ///   - message: The words as they are.
    ///   - code: The error's code.
    public static func message(_ message: String, code: String?) -> String {
        let isTooLong = code == "context_length_exceeded" && !message.hasPrefix("prompt is too long")
        return isTooLong ? "prompt is too long: " + message : message
    }

    private static func body(type: String, message: String, code: String?, _ requestID: String?) -> [UInt8] {
        var writer = JSONWriter(reserving: 160)
        writer.object { writer in
            writer.member("type", "error")
            writer.key("error")
            writer.object { writer in
                writer.member("type", type)
                writer.member("message", Self.message(message, code: code))
                if let code {
                    writer.key("details")
                    writer.object { $0.member("error_code", code) }
                }
            }
            writer.member("request_id", requestID)
        }
        return writer.bytes
    }
}

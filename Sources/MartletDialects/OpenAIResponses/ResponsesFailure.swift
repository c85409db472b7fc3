import MartletCore
import MartletWire

extension UpstreamFailure {
    /// Reads the failure that stands in place of an answer; `nil` when the value looks like no failure.
    init?(responsesAnswer view: JSONView) {
        guard view.kind == .object else { return nil }
        if let error = view.member("error"), !error.isNull {
            self.init(responsesError: error, outside: view)
            return
        }
        if view.member("status")?.equalsString("failed") == true {
            self.init(message: "")
            return
        }
        if view.member("output") != nil { return nil }
        self.init(answer: view)
    }

    /// Reads the object `error` of a response, or what other servers write in its place.
    init(responsesError error: JSONView, outside: JSONView) {
        self.init(anyShape: outside)
        if error.kind == .object, type == "response" { type = nil }
    }

    /// The code clients of this dialect know the failure by.
    ///
    /// - SeeAlso: OpenAI API reference, "The response object", `error.code`.
    var responsesCode: String {
        if let code, Self.responsesCodes.contains(code) { return code }
        switch type {
        case "rate_limit_error", "rate_limit_exceeded", "tokens", "requests": return "rate_limit_exceeded"
        case "insufficient_quota", "billing_error": return "insufficient_quota"
        case "invalid_request_error": return "invalid_prompt"
        default: return "server_error"
        }
    }

    private static let responsesCodes: Set<String> = [
        "server_error", "rate_limit_exceeded", "invalid_prompt", "context_length_exceeded", "insufficient_quota",
        "data_residency_mismatch", "bio_policy", "misalignment_policy_violation", "vector_store_timeout",
        "invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url", "image_too_large",
        "image_too_small", "image_parse_error", "image_content_policy_violation", "invalid_image_mode",
        "image_file_too_large", "unsupported_image_media_type", "empty_image_file", "failed_to_download_image",
        "image_file_not_found",
    ]
}

extension GatewayError.Code {
    /// The code clients of this dialect know the error by in the middle of a stream.
    var responsesCode: String {
        switch self {
        case .rateLimitExceeded, .providerRateLimited: "rate_limit_exceeded"
        case .contextLengthExceeded: "context_length_exceeded"
        default: openAIType == "invalid_request_error" ? "invalid_prompt" : "server_error"
        }
    }
}

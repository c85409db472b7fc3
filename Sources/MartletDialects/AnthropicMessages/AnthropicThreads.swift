import MartletWire

/// The answers about conversations that Anthropic keeps, in the shape that its SDKs act on.
///
/// Only the account that made a message knows the conversation behind it. An SDK repeats a request with its full history
/// when it gets one of these errors; it fails when `details` are missing.
///
/// - SeeAlso: Anthropic API reference, "Threads" (beta `message-threads-2026-08-12`).
public enum AnthropicThreads {
    /// How long the account of a message is worth remembering, in seconds.
    public static let accountLifetimeSeconds = 7 * 24 * 3_600

    /// The status of ``unsupported(requestID:)``.
    public static let unsupportedStatus = 400
    /// The status of ``notFound(requestID:)``.
    public static let notFoundStatus = 404

    /// The body of the answer to a request with `thread` whose target keeps no conversations.
    ///
    /// - Parameter requestID: Stands in the body.
    public static func unsupported(requestID: String? = nil) -> [UInt8] {
        error(
            "invalid_request_error",
            "Threads are not supported with this model. Send the full conversation without `thread`.",
            code: "thread_unsupported_request",
            unsupported: "model",
            requestID
        )
    }

    /// The body of the answer to a request that goes on behind a message nobody knows any more.
    ///
    /// - Parameter requestID: Stands in the body.
    public static func notFound(requestID: String? = nil) -> [UInt8] {
        error(
            "not_found_error",
            "The thread was not found. Send the full conversation with `thread: {\"type\": \"create\"}`.",
            code: "thread_not_found",
            unsupported: nil,
            requestID
        )
    }

    /// The id of the message in a whole answer, to remember its account by; `nil` when it is none.
    ///
    /// Streams tell it in their first chunk (``ChatChunk/id``).
    public static func messageID(ofAnswer body: [UInt8]) -> String? {
        guard let document = try? JSONDocument(body) else { return nil }
        return document.withView { view in
            guard view.member("type")?.equalsString("message") == true else { return nil }
            return view.member("id")?.string().flatMap { 1...256 ~= $0.utf8.count ? $0 : nil }
        }
    }

    private static func error(
        _ type: String,
        _ message: String,
        code: String,
        unsupported: String?,
        _ requestID: String?
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: 320)
        writer.object { writer in
            writer.member("type", "error")
            writer.key("error")
            writer.object { writer in
                writer.member("type", type)
                writer.member("message", message)
                writer.key("details")
                writer.object { writer in
                    writer.member("error_code", code)
                    guard let unsupported else { return }
                    writer.key("unsupported")
                    writer.array { $0.string(unsupported) }
                }
            }
            writer.member("request_id", requestID)
        }
        return writer.bytes
    }
}

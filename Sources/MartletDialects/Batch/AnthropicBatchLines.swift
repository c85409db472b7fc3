public import MartletCore
import MartletWire

/// The requests and results of Anthropic's batches.
public enum AnthropicBatchLines {
    /// The most requests of a batch.
    public static let maxItems = 100_000

    /// Decodes the body that creates a batch.
    ///
    /// - Throws: ``GatewayError`` with the field as `param`.
    public static func items(_ body: [UInt8]) throws(GatewayError) -> [BatchItem] {
        try body.decoded(requiring: ["requests"]) { (view) throws(JSONFieldError) in
            var reader = try JSONObjectReader(view)
            var items: [BatchItem] = []
            var names: Set<[UInt8]> = []
            for element in try reader.requireArray("requests") {
                guard items.count < maxItems else {
                    throw reader.error("requests", expected: "an array of \(maxItems) requests at most")
                }
                var request = try JSONObjectReader(element)
                let id = try request.requireString("custom_id")
                guard isName(id) else {
                    throw request.error("custom_id", expected: "1 to 64 of the characters A-Z a-z 0-9 _ -")
                }
                guard names.insert(Array(id.utf8)).inserted else {
                    throw request.error("custom_id", expected: "another one for each request")
                }
                let params = try request.require("params", expected: "an object")
                guard params.kind == .object else { throw params.error(expected: "an object") }
                if params.member("stream")?.bool() == true {
                    throw request.error("params", expected: "a request that is not streamed")
                }
                items.append(BatchItem(customID: id, body: params.text))
            }
            guard !items.isEmpty else { throw reader.error("requests", expected: "an array of at least one request") }
            return items
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// Encodes the body that creates a batch.
    public static func body(of items: [BatchItem]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("requests")
            writer.array { writer in
                for item in items {
                    writer.object { writer in
                        writer.member("custom_id", item.customID)
                        writer.member("params", item.body)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// Reads a file of results.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, which names the line.
    public static func results(_ bytes: [UInt8]) throws(ChatFailure) -> [BatchResult] {
        var results: [BatchResult] = []
        var failure: ChatFailure?
        BatchLines.forEach(bytes) { number, line in
            do throws(ChatFailure) {
                results.append(try line.line(number) { (view) throws(JSONFieldError) in try result(view) })
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
        return results
    }

    private enum Kind: String, CaseIterable {
        case succeeded, errored, canceled, expired
    }

    private static func result(_ view: JSONView) throws(JSONFieldError) -> BatchResult {
        var reader = try JSONObjectReader(view)
        let id = try reader.requireString("custom_id")
        var result = try JSONObjectReader(try reader.require("result", expected: "an object"))
        switch try result.requireWord("type", Kind.self) {
        case .succeeded:
            let message = try result.require("message", expected: "an object")
            return BatchResult(customID: id, outcome: .answered(status: 200, requestID: nil, body: message.text))
        case .errored:
            let error = try result.require("error", expected: "an object")
            let type = error.member("error")?.member("type")?.string() ?? ""
            return BatchResult(
                customID: id,
                outcome: .answered(
                    status: statuses.first { $0.type == type }?.status ?? 500,
                    requestID: error.member("request_id")?.string(),
                    body: error.text
                )
            )
        case .canceled: return BatchResult(customID: id, outcome: .cancelled)
        case .expired: return BatchResult(customID: id, outcome: .expired)
        }
    }

    /// The statuses that Anthropic's classes of errors have outside of batches.
    private static let statuses: [(type: String, status: Int)] = [
        ("invalid_request_error", 400), ("authentication_error", 401), ("billing_error", 402),
        ("permission_error", 403), ("not_found_error", 404), ("conflict_error", 409), ("request_too_large", 413),
        ("rate_limit_error", 429), ("api_error", 500), ("timeout_error", 504), ("overloaded_error", 529),
    ]

    /// Writes a file of results.
    ///
    /// An answer whose status is no success must have a body in the shape of this dialect's errors.
    public static func file(of results: [BatchResult]) -> [UInt8] {
        BatchLines.write(results) { result, writer in
            writer.object { writer in
                writer.member("custom_id", result.customID)
                writer.key("result")
                writer.object { write(result.outcome, to: &$0) }
            }
        }
    }

    private static func write(_ outcome: BatchResult.Outcome, to writer: inout JSONWriter) {
        switch outcome {
        case .answered(200..<300, _, let body):
            writer.member("type", Kind.succeeded.rawValue)
            writer.member("message", body)
        case .answered(_, _, let body):
            writer.member("type", Kind.errored.rawValue)
            writer.member("error", body)
        case .failed(_, let message):
            writer.member("type", Kind.errored.rawValue)
            writer.key("error")
            writer.object { writer in
                writer.member("type", "error")
                writer.key("error")
                writer.object { writer in
                    writer.member("type", "api_error")
                    writer.member("message", message)
                }
                writer.orNull("request_id", nil)
            }
        case .cancelled: writer.member("type", Kind.canceled.rawValue)
        case .expired: writer.member("type", Kind.expired.rawValue)
        }
    }
}

import MartletCore
import MartletWire

/// The files of OpenAI's batches: one request or one result a line.
public enum OpenAIBatchLines {
    /// The most requests of a file.
    public static let maxItems = 50_000
    /// The most mistakes of a file that are told.
    public static let maxErrors = 100

    /// Reads a file of requests.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - endpoint: The batch's endpoint, which every line must name.
    /// - Returns: The requests, and what is wrong; with a mistake none of them is to be asked.
    public static func items(_ bytes: [UInt8], endpoint: String) -> (items: [BatchItem], errors: [BatchError]) {
        var items: [BatchItem] = []
        var errors: [BatchError] = []
        var names: Set<[UInt8]> = []
        BatchLines.forEach(bytes) { number, line in
            if items.count == maxItems {
                errors.append(BatchError(code: "too_many_requests", message: "a file has \(maxItems) requests at most"))
                return false
            }
            switch item(line, endpoint, &names) {
            case .success(let item): items.append(item)
            case .failure(var mistake):
                mistake.error.line = number
                errors.append(mistake.error)
            }
            return errors.count < maxErrors
        }
        if items.isEmpty, errors.isEmpty {
            errors.append(BatchError(code: "empty_file", message: "the file has no requests"))
        }
        return (items, errors)
    }

    private struct Mistake: Error {
        var error: BatchError
    }

    private static func item(
        _ line: ArraySlice<UInt8>,
        _ endpoint: String,
        _ names: inout Set<[UInt8]>
    ) -> Result<BatchItem, Mistake> {
        func mistake(_ code: String, _ message: String, _ param: String? = nil) -> Result<BatchItem, Mistake> {
            .failure(Mistake(error: BatchError(code: code, message: message, param: param)))
        }
        let item: BatchItem
        do throws(GatewayError) {
            item = try Array(line).decoded(requiring: ["custom_id", "method", "url", "body"]) {
                (view) throws(JSONFieldError) in
                var reader = try JSONObjectReader(view)
                let id = try reader.requireString("custom_id")
                guard try reader.requireString("method") == "POST" else {
                    throw reader.error("method", expected: "POST")
                }
                guard try reader.requireString("url") == endpoint else {
                    throw reader.error("url", expected: "the batch's endpoint, \(endpoint)")
                }
                let body = try reader.require("body", expected: "an object")
                guard body.kind == .object else { throw body.error(expected: "an object") }
                return BatchItem(customID: id, url: endpoint, body: body.text)
            }
        } catch {
            let isNoJSON = error.code == .invalidJSON || error.code == .jsonTooDeep
            return mistake(isNoJSON ? "invalid_json_line" : "invalid_request", error.message, error.param)
        }
        // Compared byte by byte.
        guard names.insert(Array(item.customID.utf8)).inserted else {
            return mistake("duplicate_custom_id", "the custom_id stands in an earlier line", "custom_id")
        }
        return .success(item)
    }

    /// Writes a file of requests.
    public static func file(of items: [BatchItem]) -> [UInt8] {
        BatchLines.write(items) { item, writer in
            writer.object { writer in
                writer.member("custom_id", item.customID)
                writer.member("method", "POST")
                writer.member("url", item.url)
                writer.member("body", item.body)
            }
        }
    }

    /// Reads a file of results, of answers or of errors.
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

    private static func result(_ view: JSONView) throws(JSONFieldError) -> BatchResult {
        var reader = try JSONObjectReader(view)
        let id = try reader.requireString("custom_id")
        if var response = try reader.takeObject("response") {
            return BatchResult(
                customID: id,
                outcome: .answered(
                    status: Int(try response.requireInt("status_code", in: 100...599)),
                    requestID: try response.takeString("request_id"),
                    body: try response.require("body").text
                )
            )
        }
        var error = try JSONObjectReader(try reader.require("error", expected: "an object"))
        let code = try error.takeString("code") ?? ""
        let message = try error.takeString("message") ?? ""
        switch code {
        case "batch_expired": return BatchResult(customID: id, outcome: .expired)
        case "batch_cancelled": return BatchResult(customID: id, outcome: .cancelled)
        default: return BatchResult(customID: id, outcome: .failed(code: code, message: message))
        }
    }

    /// Writes a file of results.
    ///
    /// - Parameter id: Makes the id of a line (`batch_req_…`) from its index.
    public static func file(of results: [BatchResult], id: (Int) -> String) -> [UInt8] {
        var out: [UInt8] = []
        for (index, result) in results.enumerated() {
            JSONWriter.append(to: &out) { writer in
                writer.object { writer in
                    writer.member("id", id(index))
                    writer.member("custom_id", result.customID)
                    write(result.outcome, to: &writer)
                }
            }
            out.append(UInt8(ascii: "\n"))
        }
        return out
    }

    private static func write(_ outcome: BatchResult.Outcome, to writer: inout JSONWriter) {
        let error: (code: String, message: String)
        switch outcome {
        case .answered(let status, let requestID, let body):
            writer.key("response")
            writer.object { writer in
                writer.member("status_code", status)
                writer.orNull("request_id", requestID)
                writer.member("body", body)
            }
            writer.orNull("error", nil)
            return
        case .failed(let code, let message): error = (code, message)
        case .cancelled: error = ("batch_cancelled", "The batch was cancelled before this request was asked.")
        case .expired: error = ("batch_expired", "The batch's time ran out before this request was asked.")
        }
        writer.orNull("response", nil)
        writer.key("error")
        writer.object { writer in
            writer.member("code", error.code)
            writer.member("message", error.message)
        }
    }
}

public import MartletCore
import MartletWire

/// A batch as OpenAI's API shows it.
///
/// - SeeAlso: OpenAI API reference, "Batch".
public struct OpenAIBatch: Hashable, Sendable {
    /// Its id (`batch_…`).
    public var id: String
    /// The endpoint of all its requests (`/v1/chat/completions`).
    public var endpoint: String
    /// The file of its requests.
    public var inputFileID: String
    /// How long it may take (`24h`).
    public var completionWindow: String
    /// How far it is.
    public var status: Status
    /// When it was created, in seconds since 1970.
    public var createdAt: Int64
    /// When else something became of it, in seconds since 1970, in the order of ``Moment``.
    public var moments: [Moment: Int64] = [:]
    /// The file of its answers.
    public var outputFileID: String?
    /// The file of what was not answered.
    public var errorFileID: String?
    /// How many of its requests are where; `nil` before they were counted.
    public var counts: Counts?
    /// What is wrong with its file; empty unless it failed for that.
    public var errors: [BatchError] = []
    /// The caller's pairs.
    public var metadata: [ChatRequest.MetadataPair]?
    /// The model of its requests.
    public var model: String?
    /// What all its answers used.
    public var usage: ChatUsage?
    /// Unknown members.
    public var extra: [ExtraMember] = []

    /// How far a batch is.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        case validating, failed
        case inProgress = "in_progress"
        case finalizing, completed, expired, cancelling, cancelled
    }

    /// Points in the life of a batch.
    public enum Moment: String, Hashable, Sendable, CaseIterable {
        case inProgress = "in_progress_at"
        case expires = "expires_at"
        case finalizing = "finalizing_at"
        case completed = "completed_at"
        case failed = "failed_at"
        case expired = "expired_at"
        case cancelling = "cancelling_at"
        case cancelled = "cancelled_at"

        fileprivate var name: StaticString {
            switch self {
            case .inProgress: "in_progress_at"
            case .expires: "expires_at"
            case .finalizing: "finalizing_at"
            case .completed: "completed_at"
            case .failed: "failed_at"
            case .expired: "expired_at"
            case .cancelling: "cancelling_at"
            case .cancelled: "cancelled_at"
            }
        }
    }

    /// Numbers of requests.
    public struct Counts: Hashable, Sendable {
        /// All of them.
        public var total: Int64
        /// Those that were answered.
        public var completed: Int64
        /// Those that failed.
        public var failed: Int64

        /// Creates counts.
        public init(total: Int64, completed: Int64, failed: Int64) {
            self.total = total
            self.completed = completed
            self.failed = failed
        }
    }

    /// Creates a batch.
    public init(
        id: String,
        endpoint: String,
        inputFileID: String,
        completionWindow: String = "24h",
        status: Status,
        createdAt: Int64
    ) {
        self.id = id
        self.endpoint = endpoint
        self.inputFileID = inputFileID
        self.completionWindow = completionWindow
        self.status = status
        self.createdAt = createdAt
    }
}

extension OpenAIBatch {
    /// Decodes a batch that an upstream shows.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public init(decoding body: [UInt8]) throws(ChatFailure) {
        self = try body.batchAnswer { (view) throws(JSONFieldError) in try OpenAIBatch(view) }
    }

    /// The bytes of the batch.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        self.init(
            id: try reader.requireString("id"),
            endpoint: try reader.requireString("endpoint"),
            inputFileID: try reader.requireString("input_file_id"),
            completionWindow: try reader.requireString("completion_window"),
            status: try reader.requireWord("status", Status.self),
            createdAt: try reader.requireInt("created_at")
        )
        _ = try reader.takeString("object")
        for moment in Moment.allCases { moments[moment] = try reader.takeInt(moment.name) }
        outputFileID = try reader.takeString("output_file_id")
        errorFileID = try reader.takeString("error_file_id")
        if var numbers = try reader.takeObject("request_counts") {
            counts = Counts(
                total: try numbers.requireCount("total"),
                completed: try numbers.requireCount("completed"),
                failed: try numbers.requireCount("failed")
            )
        }
        if var list = try reader.takeObject("errors"), let data = try list.takeArray("data") {
            for element in data { errors.append(try BatchError(element)) }
        }
        metadata = try reader.takeMetadata()
        model = try reader.takeString("model")
        if let value = reader.peek("usage"), let found = ChatUsage.responses(value) {
            _ = reader.take("usage")
            usage = found
        } else if reader.peek("usage")?.isNull == true {
            _ = reader.take("usage")
        }
        extra = reader.extra
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("object", "batch")
            writer.member("endpoint", endpoint)
            if !errors.isEmpty {
                writer.key("errors")
                writer.object { writer in
                    writer.member("object", "list")
                    writer.key("data")
                    writer.array { writer in
                        for error in errors { error.write(to: &writer) }
                    }
                }
            }
            writer.member("input_file_id", inputFileID)
            writer.member("completion_window", completionWindow)
            writer.member("status", status.rawValue)
            writer.member("output_file_id", outputFileID)
            writer.member("error_file_id", errorFileID)
            writer.member("created_at", createdAt)
            for moment in Moment.allCases { writer.member(moment.name, moments[moment]) }
            if let counts {
                writer.key("request_counts")
                writer.object { writer in
                    writer.member("total", counts.total)
                    writer.member("completed", counts.completed)
                    writer.member("failed", counts.failed)
                }
            }
            if let metadata { writer.metadata(metadata) }
            writer.member("model", model)
            if let usage {
                writer.key("usage")
                usage.writeResponses(to: &writer)
            }
            writer.members(extra)
        }
    }
}

extension BatchError {
    init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        self.init(
            code: try reader.takeString("code"),
            line: try reader.takeInt("line").map { Int(clamping: $0) },
            message: try reader.takeString("message"),
            param: try reader.takeString("param")
        )
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("code", code)
            writer.member("line", line)
            writer.member("message", message)
            writer.member("param", param)
        }
    }
}

extension JSONObjectReader {
    /// Takes `metadata`: at most 16 pairs of texts of at most 64 and 512 bytes.
    mutating func takeMetadata() throws(JSONFieldError) -> [ChatRequest.MetadataPair]? {
        guard let object = try takeObject("metadata") else { return nil }
        var pairs: [ChatRequest.MetadataPair] = []
        for member in object.rest {
            guard pairs.count < 16, let name = member.key.string(), let value = member.value.string(),
                name.utf8.count <= 64, value.utf8.count <= 512
            else { throw object.view.error(expected: "an object of at most 16 texts of at most 512 bytes") }
            pairs.append(ChatRequest.MetadataPair(name: name, value: value))
        }
        return pairs
    }
}

extension JSONWriter {
    /// Writes `metadata`.
    mutating func metadata(_ pairs: [ChatRequest.MetadataPair]) {
        key("metadata")
        object { writer in
            for pair in pairs {
                writer.key(Array(pair.name.utf8))
                writer.string(pair.value)
            }
        }
    }
}

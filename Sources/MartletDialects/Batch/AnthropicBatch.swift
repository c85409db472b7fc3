public import MartletCore
import MartletWire

/// A batch of messages as Anthropic's API shows it.
///
/// - SeeAlso: Anthropic API reference, "Message Batches".
public struct AnthropicBatch: Hashable, Sendable {
    /// Its id (`msgbatch_…`).
    public var id: String
    /// How far it is.
    public var status: Status
    /// How many of its requests are where; all but `processing` stay 0 until it has ended.
    public var counts: Counts
    /// When it was created (RFC 3339).
    public var createdAt: String
    /// When its time is over (RFC 3339).
    public var expiresAt: String
    /// When it ended (RFC 3339).
    public var endedAt: String?
    /// When its end was asked for (RFC 3339).
    public var cancelInitiatedAt: String?
    /// When its results became unavailable (RFC 3339).
    public var archivedAt: String?
    /// Where its results are, once it has ended.
    public var resultsURL: String?
    /// Unknown members.
    public var extra: [ExtraMember] = []

    /// How far a batch is.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        case inProgress = "in_progress"
        case canceling, ended
    }

    /// Numbers of requests.
    public struct Counts: Hashable, Sendable {
        /// Those that are not done.
        public var processing: Int64 = 0
        /// Those that were answered.
        public var succeeded: Int64 = 0
        /// Those that failed.
        public var errored: Int64 = 0
        /// Those that were not asked because the batch was cancelled.
        public var canceled: Int64 = 0
        /// Those that were not asked because its time was over.
        public var expired: Int64 = 0

        /// Creates counts of nothing.
        public init() {}
    }

    /// Creates a batch.
    public init(id: String, status: Status, counts: Counts, createdAt: String, expiresAt: String) {
        self.id = id
        self.status = status
        self.counts = counts
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// How far it is in OpenAI's words.
    ///
    /// A batch that has ended without one answer is told to be what kept its requests from being asked.
    public var openAIStatus: OpenAIBatch.Status {
        switch status {
        case .inProgress: .inProgress
        case .canceling: .cancelling
        case .ended where counts.succeeded == 0 && counts.canceled > 0: .cancelled
        case .ended where counts.succeeded == 0 && counts.expired > 0: .expired
        case .ended: .completed
        }
    }
}

extension AnthropicBatch {
    /// Decodes a batch that an upstream shows.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public init(decoding body: [UInt8]) throws(ChatFailure) {
        self = try body.batchAnswer { (view) throws(JSONFieldError) in try AnthropicBatch(view) }
    }

    /// The bytes of the batch.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        var numbers = try JSONObjectReader(try reader.require("request_counts", expected: "an object"))
        var counts = Counts()
        counts.processing = try numbers.requireCount("processing")
        counts.succeeded = try numbers.requireCount("succeeded")
        counts.errored = try numbers.requireCount("errored")
        counts.canceled = try numbers.requireCount("canceled")
        counts.expired = try numbers.requireCount("expired")
        self.init(
            id: try reader.requireString("id"),
            status: try reader.requireWord("processing_status", Status.self),
            counts: counts,
            createdAt: try reader.requireString("created_at"),
            expiresAt: try reader.requireString("expires_at")
        )
        _ = try reader.takeString("type")
        endedAt = try reader.takeString("ended_at")
        cancelInitiatedAt = try reader.takeString("cancel_initiated_at")
        archivedAt = try reader.takeString("archived_at")
        resultsURL = try reader.takeString("results_url")
        extra = reader.extra
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("type", "message_batch")
            writer.member("processing_status", status.rawValue)
            writer.key("request_counts")
            writer.object { writer in
                writer.member("processing", counts.processing)
                writer.member("succeeded", counts.succeeded)
                writer.member("errored", counts.errored)
                writer.member("canceled", counts.canceled)
                writer.member("expired", counts.expired)
            }
            writer.orNull("ended_at", endedAt)
            writer.member("created_at", createdAt)
            writer.member("expires_at", expiresAt)
            writer.orNull("archived_at", archivedAt)
            writer.orNull("cancel_initiated_at", cancelInitiatedAt)
            writer.orNull("results_url", resultsURL)
            writer.members(extra)
        }
    }

    /// What is said of a batch that was deleted.
    public static func deleted(_ id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id)
            writer.member("type", "message_batch_deleted")
        }
        return writer.bytes
    }
}

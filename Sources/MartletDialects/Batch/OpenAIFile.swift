public import MartletCore
import MartletWire

/// A file as OpenAI's API shows it.
///
/// - SeeAlso: OpenAI API reference, "Files".
public struct OpenAIFile: Hashable, Sendable {
    /// Its id (`file-…`).
    public var id: String
    /// Its length.
    public var bytes: Int64
    /// When it was created, in seconds since 1970.
    public var createdAt: Int64
    /// Its name.
    public var filename: String
    /// What it is for (`batch`, `batch_output`).
    public var purpose: String
    /// Whether it can be used (`processed`); not told by every server.
    public var status: String?
    /// When it goes, in seconds since 1970.
    public var expiresAt: Int64?
    /// Unknown members.
    public var extra: [ExtraMember] = []

    /// Creates a file.
    public init(id: String, bytes: Int64, createdAt: Int64, filename: String, purpose: String, status: String? = nil) {
        self.id = id
        self.bytes = bytes
        self.createdAt = createdAt
        self.filename = filename
        self.purpose = purpose
        self.status = status
    }

    /// Decodes a file that an upstream shows.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public init(decoding body: [UInt8]) throws(ChatFailure) {
        self = try body.batchAnswer { (view) throws(JSONFieldError) in try OpenAIFile(view) }
    }

    init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        self.init(
            id: try reader.requireString("id"),
            bytes: try reader.requireCount("bytes"),
            createdAt: try reader.requireInt("created_at"),
            filename: try reader.requireString("filename"),
            purpose: try reader.requireString("purpose"),
            status: try reader.takeString("status")
        )
        _ = try reader.takeString("object")
        expiresAt = try reader.takeInt("expires_at")
        extra = reader.extra
    }

    /// The bytes of the file's description.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("object", "file")
            writer.member("bytes", bytes)
            writer.member("created_at", createdAt)
            writer.member("filename", filename)
            writer.member("purpose", purpose)
            writer.member("status", status)
            writer.member("expires_at", expiresAt)
            writer.members(extra)
        }
    }

    /// What is said of a file that was deleted.
    public static func deleted(_ id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id)
            writer.member("object", "file")
            writer.member("deleted", true)
        }
        return writer.bytes
    }

    /// Reads what an upstream says of a file that it was told to delete: whether it is gone.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public static func isDeleted(decoding body: [UInt8]) throws(ChatFailure) -> Bool {
        try body.batchAnswer { (view) throws(JSONFieldError) in
            var reader = try JSONObjectReader(view)
            guard let isDeleted = try reader.takeBool("deleted") else {
                throw reader.error("deleted", expected: "a boolean")
            }
            return isDeleted
        }
    }
}

extension BatchPage<OpenAIBatch> {
    /// Decodes a page of batches.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public init(openAI body: [UInt8]) throws(ChatFailure) {
        self = try body.batchAnswer { (view) throws(JSONFieldError) in
            try BatchPage(view) { (element) throws(JSONFieldError) in try OpenAIBatch(element) }
        }
    }

    /// The bytes of the page.
    public func encodedOpenAI() -> [UInt8] { encoded(isOpenAI: true, id: \.id) { $0.write(to: &$1) } }
}

extension BatchPage<OpenAIFile> {
    /// Decodes a page of files.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public init(openAI body: [UInt8]) throws(ChatFailure) {
        self = try body.batchAnswer { (view) throws(JSONFieldError) in
            try BatchPage(view) { (element) throws(JSONFieldError) in try OpenAIFile(element) }
        }
    }

    /// The bytes of the page.
    public func encodedOpenAI() -> [UInt8] { encoded(isOpenAI: true, id: \.id) { $0.write(to: &$1) } }
}

extension BatchPage<AnthropicBatch> {
    /// Decodes a page of batches.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    public init(anthropic body: [UInt8]) throws(ChatFailure) {
        self = try body.batchAnswer { (view) throws(JSONFieldError) in
            try BatchPage(view) { (element) throws(JSONFieldError) in try AnthropicBatch(element) }
        }
    }

    /// The bytes of the page.
    public func encodedAnthropic() -> [UInt8] { encoded(isOpenAI: false, id: \.id) { $0.write(to: &$1) } }
}

extension BatchPage {
    fileprivate init(
        _ view: JSONView,
        _ make: (JSONView) throws(JSONFieldError) -> Element
    ) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        var data: [Element] = []
        for element in try reader.requireArray("data") { data.append(try make(element)) }
        self.init(data: data, hasMore: try reader.takeBool("has_more") ?? false)
    }

    fileprivate func encoded(
        isOpenAI: Bool,
        id: (Element) -> String,
        _ write: (Element, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            if isOpenAI { writer.member("object", "list") }
            writer.key("data")
            writer.array { writer in
                for element in data { write(element, &writer) }
            }
            writer.orNull("first_id", data.first.map(id))
            writer.orNull("last_id", data.last.map(id))
            writer.member("has_more", hasMore)
        }
        return writer.bytes
    }
}

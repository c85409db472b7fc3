public import MartletCore
import MartletWire

/// What a caller of OpenAI's API asks a batch to be.
public struct OpenAIBatchRequest: Hashable, Sendable {
    /// The file of its requests.
    public var inputFileID: String
    /// The endpoint of all its requests.
    public var endpoint: String
    /// How long it may take; the API has `24h` only.
    public var completionWindow: String
    /// The caller's pairs.
    public var metadata: [ChatRequest.MetadataPair]?
    /// Seconds after which the files of results go (3,600 to 2,592,000); `nil` keeps them.
    public var outputExpiresAfter: Int64?
    /// Unknown members.
    public var extra: [ExtraMember] = []

    /// Endpoints that batches are for.
    public static let endpoints = [
        "/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/moderations",
        "/v1/images/generations", "/v1/images/edits", "/v1/videos",
    ]

    /// Creates a request.
    public init(inputFileID: String, endpoint: String, completionWindow: String = "24h") {
        self.inputFileID = inputFileID
        self.endpoint = endpoint
        self.completionWindow = completionWindow
    }

    /// Decodes a body.
    ///
    /// - Throws: ``GatewayError`` with the field as `param`.
    public init(decoding body: [UInt8]) throws(GatewayError) {
        self = try body.decoded(requiring: ["input_file_id", "endpoint", "completion_window"]) {
            (view) throws(JSONFieldError) in
            try OpenAIBatchRequest(view)
        }
    }

    private init(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let file = try reader.requireString("input_file_id")
        let endpoint = try reader.requireString("endpoint")
        guard Self.endpoints.contains(endpoint) else {
            throw reader.error("endpoint", expected: "one of " + Self.endpoints.joined(separator: ", "))
        }
        let window = try reader.requireString("completion_window")
        guard window == "24h" else { throw reader.error("completion_window", expected: "24h") }
        self.init(inputFileID: file, endpoint: endpoint, completionWindow: window)
        metadata = try reader.takeMetadata()
        if var policy = try reader.takeObject("output_expires_after") {
            guard try policy.requireString("anchor") == "created_at" else {
                throw policy.error("anchor", expected: "created_at")
            }
            outputExpiresAfter = try policy.requireInt("seconds", in: 3_600...2_592_000)
        }
        extra = reader.extra
    }

    /// The bytes of the request.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("input_file_id", inputFileID)
            writer.member("endpoint", endpoint)
            writer.member("completion_window", completionWindow)
            if let metadata { writer.metadata(metadata) }
            if let outputExpiresAfter {
                writer.key("output_expires_after")
                writer.object { writer in
                    writer.member("anchor", "created_at")
                    writer.member("seconds", outputExpiresAfter)
                }
            }
            writer.members(extra)
        }
        return writer.bytes
    }
}

/// How large a frame of an event stream may be.
///
/// - SeeAlso: AWS SDKs and tools reference, "Event stream encoding" (read November 2026).
public struct AWSEventStreamLimits: Hashable, Sendable {
    /// The most bytes of header fields.
    public var maxHeaderBytes: Int
    /// The most bytes of payload.
    public var maxPayloadBytes: Int

    /// The limits of the format: 128 KiB of header fields, 24 MiB of payload.
    public static let format = AWSEventStreamLimits(maxHeaderBytes: 131_072, maxPayloadBytes: 25_165_824)

    /// The bytes of a frame around header fields and payload: two lengths and two checksums.
    static let overhead = 16
    /// The bytes before the header fields: two lengths and their checksum.
    static let prelude = 12
    /// The most header fields of a frame; services send three or four.
    static let maxHeaders = 128

    /// Creates limits.
    public init(maxHeaderBytes: Int, maxPayloadBytes: Int) {
        self.maxHeaderBytes = max(0, min(maxHeaderBytes, 131_072))
        self.maxPayloadBytes = max(0, min(maxPayloadBytes, 25_165_824))
    }
}

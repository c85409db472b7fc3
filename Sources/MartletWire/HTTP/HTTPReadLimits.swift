/// The limits of a response's head and framing.
public struct HTTPReadLimits: Sendable, Equatable {
    /// The longest head, and the longest trailer section, in bytes; 64 KiB.
    public var maxHead = 64 * 1024
    /// The longest line of either in bytes, without CRLF; 16 KiB.
    public var maxLine = 16 * 1024
    /// The most fields of a head, and of a trailer section; 100.
    public var maxFields = 100
    /// The most bytes of one chunk's extensions; 256.
    public var maxChunkExtension = 256
    /// The most informational responses before the final one; 16.
    public var maxInformational = 16

    /// Makes the default limits.
    public init() {}
}

import NIOCore

/// Sizes the receive buffers of client connections: small ones that are kept, and large ones, for large bodies, that are not.
///
/// The channel keeps the last buffer of a known size with its connection, where a large one would be most of an open
/// stream's memory. A buffer of unknown size that "may grow" is made for one read.
struct ClientReceiveAllocator: RecvByteBufferAllocator {
    /// The largest buffer that stays with its connection.
    private static let kept = 16 << 10
    private static let large = 64 << 10

    private var adaptive = AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 2 << 10, maximum: Self.kept)
    private var readsLarge = false

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        readsLarge ? allocator.buffer(capacity: Self.large) : adaptive.buffer(allocator: allocator)
    }

    func nextBufferSize() -> Int? { readsLarge ? nil : adaptive.nextBufferSize() }

    mutating func record(actualReadBytes: Int) -> Bool {
        if readsLarge {
            readsLarge = actualReadBytes > Self.kept
            return readsLarge
        }
        let mayGrow = adaptive.record(actualReadBytes: actualReadBytes)
        readsLarge = actualReadBytes >= Self.kept
        return mayGrow || readsLarge
    }
}

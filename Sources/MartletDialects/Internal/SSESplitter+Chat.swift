import MartletWire

extension SSESplitter {
    /// The next event of a chat's stream.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)`` for an event that is too long.
    mutating func nextEvent(
        in read: UnsafeRawBufferPointer,
        at position: inout Int
    ) throws(ChatFailure) -> SSESplit? {
        do throws(SSEError) {
            return try unsafe next(in: read, at: &position)
        } catch {
            throw .malformed("an event of the stream is over its limit")
        }
    }
}

import MartletCore
import MartletWire

/// Takes the payloads out of an event stream that ends in `[DONE]`, however it is cut into reads.
///
/// Comments and events without data are skipped; what follows the mark is not looked at.
struct SSEPayloads: Sendable {
    private var parser = SSEParser()
    /// Whether the mark was seen.
    private(set) var isDone = false

    /// Gives each payload that is complete to a closure.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)`` for an event over the limits, or what the closure throws.
    mutating func feed(
        _ read: borrowing Span<UInt8>,
        _ take: ([UInt8]) throws(ChatFailure) -> Void
    ) throws(ChatFailure) {
        guard !isDone else { return }
        var messages: [SSEMessage] = []
        var isOver = false
        do throws(SSEError) {
            try unsafe read.withUnsafeBytes { (bytes) throws(SSEError) in
                try unsafe parser.feed(bytes) { (message) throws(SSEError) in messages.append(message) }
            }
        } catch {
            isOver = true
        }
        for message in messages where !isDone {
            guard message.data.contains(where: { $0 > 0x20 }) else { continue }
            if unsafe message.data.withUnsafeBytes({ unsafe isDoneMark($0) }) {
                isDone = true
            } else {
                try take(message.data)
            }
        }
        // What came before it in the same read counts.
        if isOver, !isDone { throw .malformed("an event of the stream is over its limit") }
    }

    /// Gives the last payload, for streams that leave out the blank line behind it.
    mutating func finish(_ take: ([UInt8]) throws(ChatFailure) -> Void) throws(ChatFailure) {
        guard !isDone, parser.pendingBytes > 0 else { return }
        try feed([0x0A, 0x0A].span, take)
    }
}

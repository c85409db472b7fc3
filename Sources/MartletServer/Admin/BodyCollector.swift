import HTTPTypes
import Hummingbird
import MartletCore
import NIOCore
import Synchronization

/// Gathers the body of an answer.
final class BodyCollector: ResponseBodyWriter, Sendable {
    private let buffer = Mutex(ByteBuffer())
    private let maxBytes: Int

    /// Gathers at most so many bytes.
    init(maxBytes: Int) { self.maxBytes = maxBytes }

    /// What was written.
    var bytes: ByteBuffer { buffer.withLock { $0 } }

    /// Appends bytes.
    ///
    /// - Throws: `GatewayError` with `internalError` when the body gets too long.
    func write(_ piece: ByteBuffer) async throws {
        let fits = buffer.withLock { buffer in
            guard piece.readableBytes <= maxBytes - buffer.readableBytes else { return false }
            buffer.writeImmutableBuffer(piece)
            return true
        }
        guard fits else { throw GatewayError(.internalError, "The answer is larger than \(maxBytes) bytes.") }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

import NIOCore
import NIOHPACK
import NIOHTTP2

/// What an HTTP/2 client may do (RFC 9113 §10.5).
///
/// Beyond these, NIOHTTP2 refuses connection preludes, frames and field blocks that are malformed, and names and values
/// that fields of HTTP/2 must not have (§8.2).
enum HTTP2Limits {
    /// Requests of one connection at once.
    static let concurrentStreams = 100
    /// The fields of one request as the specification counts them: 32 bytes more than name and value have.
    static let headerListBytes = 64 << 10

    /// Of connections.
    static var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var limits = NIOHTTP2Handler.ConnectionConfiguration()
        limits.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: concurrentStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: headerListBytes),
        ]
        // Acknowledgements that a client makes us write and does not read.
        limits.maximumBufferedControlFrames = 1_000
        limits.maximumSequentialContinuationFrames = 8
        // PING, SETTINGS and PRIORITY together.
        limits.controlFrameRateLimit.maximumCount = 200
        limits.controlFrameRateLimit.windowLength = .seconds(30)
        // Given back as bytes arrive: one stream that is not read must not stop the others.
        limits.targetWindowSize = 1 << 20
        return limits
    }

    /// Of streams.
    static var stream: NIOHTTP2Handler.StreamConfiguration {
        var limits = NIOHTTP2Handler.StreamConfiguration()
        // What a client may send before its request was let in.
        limits.targetWindowSize = 65_535
        // The same marks as HTTP/1.1 connections have.
        limits.outboundBufferSizeHighWatermark = 64 << 10
        limits.outboundBufferSizeLowWatermark = 16 << 10
        // Streams that are opened and reset at once cost us more than the client (CVE-2023-44487).
        limits.streamResetFrameRateLimit.maximumCount = 200
        limits.streamResetFrameRateLimit.windowLength = .seconds(30)
        limits.streamErrorRateLimit.maximumCount = 200
        limits.streamErrorRateLimit.windowLength = .seconds(30)
        return limits
    }
}

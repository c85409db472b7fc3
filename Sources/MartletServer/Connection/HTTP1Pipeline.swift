import NIOCore
import NIOHTTP1

/// Gives a connection the handlers of HTTP/1.1.
enum HTTP1Pipeline {
    private static let limits: NIOHTTPDecoderLimitConfiguration = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 64 << 10
        limits.maxHeaderFieldCount = RequestParsing.maxFields
        return limits
    }()

    /// Adds them.
    @discardableResult
    static func add(to channel: any Channel, loop: LoopContext) throws -> ClientConnection {
        let connection = ClientConnection(loop: loop)
        let pipeline = channel.pipeline.syncOperations
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        try pipeline.addHandler(HeadMeter(connection))
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(connection)
        return connection
    }
}

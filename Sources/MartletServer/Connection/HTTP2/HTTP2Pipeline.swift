import NIOCore
import NIOHTTP2

/// Gives a connection the handlers of HTTP/2.
enum HTTP2Pipeline {
    /// Adds them to an open connection that is counted already.
    static func begin(on channel: any Channel, loop: LoopContext) throws {
        let connection = HTTP2Connection(loop: loop)
        let box = LoopBound(connection)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            NIOHTTP2Handler(
                mode: .server,
                eventLoop: channel.eventLoop,
                connectionConfiguration: HTTP2Limits.connection,
                streamConfiguration: HTTP2Limits.stream
            ) { stream in
                stream.eventLoop.makeCompletedFuture {
                    // Frames wait in the stream until the exchange reads; its window bounds them.
                    try stream.syncOptions?.setOption(.autoRead, value: false)
                    try stream.pipeline.syncOperations.addHandler(ClientStream(box.value))
                }
            }
        )
        try pipeline.addHandler(connection)
        connection.begin()
        // The connection itself is always read: windows, resets and pings of other streams come on it.
        try channel.syncOptions?.setOption(.autoRead, value: true)
    }
}

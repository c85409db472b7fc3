import MartletExchange
import MartletRouting
import NIOCore

/// Writes the head of an upstream request: our own fields, the target's, and nothing of the client's.
enum RequestHeadWriter {
    static func write(_ request: UpstreamRequest, to target: Target, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("POST ")
        buffer.writeString(request.path)
        buffer.writeStaticString(" HTTP/1.1\r\nhost: ")
        buffer.writeString(target.endpoint.authority)
        buffer.writeStaticString("\r\ncontent-type: application/json\r\naccept: ")
        buffer.writeStaticString(request.wantsStream ? "text/event-stream" : "application/json")
        buffer.writeStaticString("\r\naccept-encoding: identity\r\nuser-agent: martlet/")
        buffer.writeStaticString(MartletVersion.text)
        buffer.writeStaticString("\r\n")
        for field in target.headers {
            buffer.writeString(field.name)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("content-length: ")
        buffer.writeDecimal(request.length)
        buffer.writeStaticString("\r\n\r\n")
    }
}

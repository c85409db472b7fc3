import NIOCore
import NIOHTTP1

/// Writes `200 OK` and its like.
enum StatusLine {
    static func write(_ status: Int, to out: inout ByteBuffer) {
        switch status {
        case 200: out.writeStaticString("200 OK\r\n")
        default:
            out.writeDecimal(status)
            out.writeStaticString(" ")
            out.writeString(status == 529 ? "Overloaded" : HTTPResponseStatus(statusCode: status).reasonPhrase)
            out.writeStaticString("\r\n")
        }
    }
}

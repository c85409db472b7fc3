import MartletExchange
import MartletRouting
import NIOCore

/// Writes the head of an upstream request: our own fields, the target's, and nothing of the client's.
enum RequestHeadWriter {
    static func write(_ request: UpstreamRequest, to target: Target, into buffer: inout ByteBuffer) {
        let size =
            256 + request.path.utf8.count + target.requestPrefix.utf8.count + target.requestFields.lines.count
        HeadBytes.write(into: &buffer, capacity: size) { bytes in
            bytes.append("POST ")
            bytes.append(target.requestPrefix)
            bytes.append(request.path)
            bytes.append(" HTTP/1.1\r\n")
            bytes.append(target.requestFields.lines)
            bytes.append("content-type: application/json\r\naccept: ")
            bytes.append(request.accept)
            bytes.append("\r\naccept-encoding: identity\r\nuser-agent: martlet/")
            bytes.append(MartletVersion.text)
            bytes.append("\r\ncontent-length: ")
            bytes.append(decimal: request.body.length)
            bytes.append("\r\n\r\n")
        }
    }
}

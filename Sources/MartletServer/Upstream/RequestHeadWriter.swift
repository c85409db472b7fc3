import MartletExchange
import MartletRouting
import NIOCore

/// Writes the head of an upstream request: our own fields, the target's, and nothing of the client's.
enum RequestHeadWriter {
    static func write(_ request: UpstreamRequest, to target: Target, into buffer: inout ByteBuffer) {
        let authority = target.endpoint.authority
        var size = 224 + request.path.utf8.count + authority.utf8.count
        for field in target.headers { size += field.name.utf8.count + field.value.utf8.count + 4 }
        HeadBytes.write(into: &buffer, capacity: size) { bytes in
            bytes.append("POST ")
            bytes.append(request.path)
            bytes.append(" HTTP/1.1\r\nhost: ")
            bytes.append(authority)
            bytes.append("\r\ncontent-type: application/json\r\naccept: ")
            bytes.append(request.wantsStream ? "text/event-stream" : "application/json" as StaticString)
            bytes.append("\r\naccept-encoding: identity\r\nuser-agent: martlet/")
            bytes.append(MartletVersion.text)
            bytes.append("\r\n")
            for field in target.headers {
                bytes.append(field.name)
                bytes.append(": ")
                bytes.append(field.value)
                bytes.append("\r\n")
            }
            bytes.append("content-length: ")
            bytes.append(decimal: request.length)
            bytes.append("\r\n\r\n")
        }
    }
}

import MartletExchange
import MartletRouting
import NIOCore

/// Writes the head of an upstream request: our own fields, the target's, and nothing of the client's.
enum RequestHeadWriter {
    static func write(_ request: UpstreamRequest, to target: Target, into buffer: inout ByteBuffer) {
        var size =
            256 + request.contentType.utf8.count + request.path.utf8.count + target.requestPrefix.utf8.count
            + target.requestSuffix.utf8.count + target.requestFields.lines.count
        for field in request.fields { size += field.name.utf8.count + field.value.utf8.count + 4 }
        HeadBytes.write(into: &buffer, capacity: size) { bytes in
            if request.method == .post {
                bytes.append("POST ")
            } else {
                bytes.append(request.method.name)
                bytes.append(" ")
            }
            bytes.append(request.isUnversioned ? target.unversionedPrefix : target.requestPrefix)
            bytes.append(request.path)
            bytes.append(target.requestSuffix)
            bytes.append(" HTTP/1.1\r\n")
            if request.fields.isEmpty {
                bytes.append(target.requestFields.lines)
            } else {
                for field in target.requestFields.fields
                where !request.fields.contains(where: { $0.name == field.name }) { append(field, to: &bytes) }
                for field in request.fields { append(field, to: &bytes) }
            }
            if !request.contentType.isEmpty {
                bytes.append("content-type: ")
                bytes.append(request.contentType)
                bytes.append("\r\n")
            }
            bytes.append("accept: ")
            bytes.append(request.accept)
            bytes.append("\r\naccept-encoding: identity\r\nuser-agent: martlet/")
            bytes.append(MartletVersion.text)
            if request.body.length > 0 || request.method == .post {
                bytes.append("\r\ncontent-length: ")
                bytes.append(decimal: request.body.length)
            }
            bytes.append("\r\n\r\n")
        }
    }

    private static func append(_ field: HeaderField, to bytes: inout HeadBytes) {
        bytes.append(field.name)
        bytes.append(": ")
        bytes.append(field.value)
        bytes.append("\r\n")
    }
}

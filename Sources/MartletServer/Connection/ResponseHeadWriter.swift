import MartletExchange
import MartletRouting
import NIOCore

/// Writes the head of an answer in HTTP/1.1 (RFC 9112 §4) with one reservation.
enum ResponseHeadWriter {
    static func write(
        _ head: ResponseHead,
        date: DateField,
        closes: Bool,
        chunks: Bool,
        into out: inout ByteBuffer
    ) {
        var size = 192 + head.contentType.utf8.count
        for field in head.fields { size += field.name.utf8.count + field.value.utf8.count + 4 }
        HeadBytes.write(into: &out, capacity: size) { bytes in
            bytes.append("HTTP/1.1 ")
            if head.status == 200 {
                bytes.append("200 OK\r\n")
            } else {
                bytes.append(StatusLine.text(head.status))
            }
            if !head.contentType.isEmpty {
                bytes.append("content-type: ")
                bytes.append(head.contentType)
                bytes.append("\r\n")
            }
            if let length = head.contentLength {
                if head.status != 204 {
                    bytes.append("content-length: ")
                    bytes.append(decimal: length)
                    bytes.append("\r\n")
                }
            } else if chunks {
                bytes.append("transfer-encoding: chunked\r\n")
            }
            for field in head.fields where !field.value.isEmpty {
                bytes.append(field.name)
                bytes.append(": ")
                bytes.append(field.value)
                bytes.append("\r\n")
            }
            bytes.append(date.bytes(second: Int(WallClock.milliseconds() / 1_000)))
            if closes { bytes.append("connection: close\r\n") }
            bytes.append("\r\n")
        }
    }
}

import MartletCore
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
        var size = 448 + head.contentType.utf8.count
        if case .client(let id) = head.facts.requestID { size += 2 * id.utf8.count }
        if let target = head.facts.target { size += target.answerFields.lines.count }
        if !head.facts.dropped.isEmpty { size += 2_080 }
        if head.facts.allowedOrigin != nil { size += 1_024 }
        for field in head.more { size += field.name.utf8.count + field.value.utf8.count + 4 }
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
            write(head.facts, into: &bytes)
            for field in head.more where !field.value.isEmpty { append(field, to: &bytes) }
            bytes.append(date.bytes(second: Int(WallClock.milliseconds() / 1_000)))
            if closes { bytes.append("connection: close\r\n") }
            bytes.append("\r\n")
        }
    }

    private static func write(_ facts: ResponseHead.Facts, into bytes: inout HeadBytes) {
        bytes.append("x-request-id: ")
        append(facts.requestID, to: &bytes)
        bytes.append("\r\nrequest-id: ")
        append(facts.requestID, to: &bytes)
        bytes.append("\r\nx-gateway: martlet\r\n")
        if !facts.cache.isEmpty {
            bytes.append("x-cache: ")
            bytes.append(facts.cache)
            bytes.append("\r\n")
        }
        if let origin = facts.allowedOrigin {
            for field in CORS.fields(origin) { append(field, to: &bytes) }
        }
        if let target = facts.target {
            bytes.append(target.answerFields.lines)
            bytes.append("x-gateway-attempts: ")
            bytes.append(decimal: facts.attempts)
            bytes.append("\r\n")
        }
        if !facts.dropped.isEmpty {
            bytes.append("x-gateway-dropped: ")
            bytes.append(facts.droppedText)
            bytes.append("\r\n")
        }
        if let cost = facts.cost {
            bytes.append("x-gateway-cost-usd: ")
            bytes.append(cost.usdText)
            bytes.append("\r\n")
        }
    }

    private static func append(_ field: HeaderField, to bytes: inout HeadBytes) {
        bytes.append(field.name)
        bytes.append(": ")
        bytes.append(field.value)
        bytes.append("\r\n")
    }

    private static func append(_ id: RequestID, to bytes: inout HeadBytes) {
        switch id {
        case .client(let text): bytes.append(text)
        case .record(let id): bytes.append(id)
        }
    }
}

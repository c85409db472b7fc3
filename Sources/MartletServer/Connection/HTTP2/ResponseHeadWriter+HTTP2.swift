import MartletExchange
import MartletRouting
import NIOHPACK

extension ResponseHeadWriter {
    /// The head of an answer as HTTP/2 has it (RFC 9113 §8.3.2).
    static func headers(_ head: ResponseHead, date: DateField) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(16)
        headers.add(name: ":status", value: String(head.status))
        if !head.contentType.isEmpty { headers.add(name: "content-type", value: head.contentType) }
        if let length = head.contentLength, head.status != 204 {
            headers.add(name: "content-length", value: String(length))
        }
        for field in head.fields where !field.value.isEmpty { headers.add(name: field.name, value: field.value) }
        headers.add(name: "date", value: date.text(second: Int(WallClock.milliseconds() / 1_000)))
        return headers
    }
}

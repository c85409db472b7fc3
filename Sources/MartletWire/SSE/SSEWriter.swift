/// Writes events and comments of an event stream.
///
/// Payloads may hold any bytes: each line of a payload becomes a `data` line, so nothing in it can end the event early. A CR or
/// CRLF in a payload reaches the client as LF, because the format knows no other line break.
public enum SSEWriter {
    /// Appends one event.
    ///
    /// - Parameters:
    ///   - name: The event name, or `nil` for none. Line breaks and NUL in it are left out.
    ///   - id: The event id, or `nil` for none. Line breaks and NUL in it are left out.
    ///   - data: The payload.
    ///   - output: Receives the bytes.
    public static func appendEvent(
        name: [UInt8]? = nil,
        id: [UInt8]? = nil,
        data: UnsafeRawBufferPointer,
        to output: inout [UInt8],
    ) {
        if let name { appendField("event: ", name, to: &output) }
        if let id { appendField("id: ", id, to: &output) }
        unsafe appendLines("data: ", data, to: &output)
        output.append(0x0A)
    }

    /// Appends one event.
    ///
    /// - Parameters:
    ///   - name: The event name, or `nil` for none. Line breaks and NUL in it are left out.
    ///   - id: The event id, or `nil` for none. Line breaks and NUL in it are left out.
    ///   - data: The payload.
    ///   - output: Receives the bytes.
    public static func appendEvent(
        name: [UInt8]? = nil,
        id: [UInt8]? = nil,
        data: [UInt8],
        to output: inout [UInt8],
    ) {
        unsafe data.withUnsafeBytes { bytes in unsafe appendEvent(name: name, id: id, data: bytes, to: &output) }
    }

    /// Appends a comment block, which clients ignore; it keeps a silent connection open.
    ///
    /// - Parameters:
    ///   - text: The comment; each line of it becomes a comment line.
    ///   - output: Receives the bytes.
    public static func appendComment(_ text: [UInt8], to output: inout [UInt8]) {
        unsafe text.withUnsafeBytes { bytes in unsafe appendLines(": ", bytes, to: &output) }
        output.append(0x0A)
    }

    private static func appendField(_ prefix: StaticString, _ value: [UInt8], to output: inout [UInt8]) {
        append(prefix, to: &output)
        for byte in value where byte != 0x0A && byte != 0x0D && byte != 0 { output.append(byte) }
        output.append(0x0A)
    }

    private static func appendLines(_ prefix: StaticString, _ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count + 16)
        var start = 0
        while true {
            let end = unsafe ByteSearch.firstLineBreak(in: bytes, from: start) ?? bytes.count
            append(prefix, to: &output)
            unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            output.append(0x0A)
            guard end < bytes.count else { return }
            start = end + 1
            if unsafe bytes[end] == 0x0D && start < bytes.count && bytes[start] == 0x0A { start += 1 }
        }
    }

    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        unsafe output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

/// A frame of an event stream as values, to be written or kept.
public struct AWSEventMessage: Hashable, Sendable {
    /// The header fields, in order.
    public var headers: [AWSEventHeader]
    /// The payload.
    public var payload: [UInt8]

    /// Creates a frame.
    public init(headers: [AWSEventHeader] = [], payload: [UInt8] = []) {
        self.headers = headers
        self.payload = payload
    }

    /// Creates the frame of an event, with the three fields that services send.
    ///
    /// - Parameters:
    ///   - type: The kind of event.
    ///   - contentType: The media type of the payload.
    ///   - payload: The payload.
    public init(event type: String, contentType: String = "application/json", payload: [UInt8]) {
        self.init(
            headers: [
                AWSEventHeader(":event-type", type), AWSEventHeader(":content-type", contentType),
                AWSEventHeader(":message-type", "event"),
            ],
            payload: payload
        )
    }

    /// Creates the frame of an exception, which ends a stream.
    ///
    /// - Parameters:
    ///   - type: The name of the exception.
    ///   - payload: Its members.
    public init(exception type: String, payload: [UInt8]) {
        self.init(
            headers: [
                AWSEventHeader(":exception-type", type), AWSEventHeader(":content-type", "application/json"),
                AWSEventHeader(":message-type", "exception"),
            ],
            payload: payload
        )
    }

    /// Appends the bytes of the frame.
    ///
    /// Names and values over their limits are cut to them; a UUID of another length than 16 is filled up with zeros.
    public func append(to output: inout [UInt8]) {
        let start = output.count
        var fields: [UInt8] = []
        for header in headers { header.append(to: &fields) }
        Self.append(UInt32(clamping: AWSEventStreamLimits.overhead + fields.count + payload.count), to: &output)
        Self.append(UInt32(clamping: fields.count), to: &output)
        Self.append(Self.checksum(output[start...]), to: &output)
        output.append(contentsOf: fields)
        output.append(contentsOf: payload)
        Self.append(Self.checksum(output[start...]), to: &output)
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var checksum = CRC32()
        unsafe bytes.withUnsafeBytes { unsafe checksum.add($0) }
        return checksum.value
    }

    fileprivate static func append(_ number: some FixedWidthInteger, to output: inout [UInt8]) {
        var shift = number.bitWidth
        while shift > 0 {
            shift -= 8
            output.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension AWSEventHeader {
    fileprivate func append(to output: inout [UInt8]) {
        let name = name.utf8.prefix(255)
        output.append(UInt8(name.count))
        output.append(contentsOf: name)
        switch value {
        case .bool(let flag): output.append(flag ? 0 : 1)
        case .int8(let number): Self.append(2, number, to: &output)
        case .int16(let number): Self.append(3, number, to: &output)
        case .int32(let number): Self.append(4, number, to: &output)
        case .int64(let number): Self.append(5, number, to: &output)
        case .bytes(let bytes): Self.append(6, bytes[...], to: &output)
        case .string(let text): Self.append(7, Array(text.utf8)[...], to: &output)
        case .timestamp(let time): Self.append(8, time, to: &output)
        case .uuid(let bytes):
            output.append(9)
            for index in 0..<16 { output.append(index < bytes.count ? bytes[index] : 0) }
        }
    }

    private static func append(_ type: UInt8, _ number: some FixedWidthInteger, to output: inout [UInt8]) {
        output.append(type)
        AWSEventMessage.append(number, to: &output)
    }

    private static func append(_ type: UInt8, _ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
        let kept = bytes.prefix(Int(UInt16.max))
        output.append(type)
        AWSEventMessage.append(UInt16(kept.count), to: &output)
        output.append(contentsOf: kept)
    }
}

/// Reads HTTP/1.1 responses of an upstream, strictly and in bulk, without doing I/O.
///
/// Each socket read is given as a mutable buffer. The payload of the body in it is handed back as one range: chunk payloads are
/// moved together over the chunk framing, in place. The result does not depend on how the bytes are cut into reads.
///
/// ```swift
/// let output = unsafe reader.consume(buffer)
/// if output.headCompleted, let head = reader.head { … }
/// forward(buffer[output.body])
/// if let failure = output.failure { … } else if output.ended { … }
/// ```
///
/// Informational responses are passed over, trailers are read and dropped. Refused are, among others: bare CR or LF, line
/// folding, white space before a colon, control bytes, `Content-Length` that is repeated or together with
/// `Transfer-Encoding`, transfer codings other than exactly `chunked`, chunk sizes with a sign, a prefix or white space.
///
/// - SeeAlso: RFC 9112.
public struct HTTPResponseReader: Sendable {
    /// The limits.
    public let limits: HTTPReadLimits
    /// The head of the final response, once it is complete.
    public private(set) var head: HTTPResponseHead?

    private var phase = Phase.head
    private var keepsAlive = false
    private var requestWasHEAD: Bool
    private var block = HTTPFieldBlock(hasStatusLine: true)
    private var trailers = HTTPFieldBlock(hasStatusLine: false)
    private var informational = 0
    /// Bytes still to come of a body with a length, or of the current chunk.
    private var remaining = 0
    private var sizeDigits = 0
    private var extensionBytes = 0
    private var hasBytes = false
    private var hasLeftover = false
    private var failure: HTTPReadError?

    private enum Phase: UInt8 {
        case head, length, untilClose
        case chunkSize, chunkExtension, chunkSizeLF, chunkData, chunkDataCR, chunkDataLF
        case trailerStart, trailerEnd, trailers
        case ended
    }

    /// Makes a reader for the response to one request.
    ///
    /// - Parameters:
    ///   - requestWasHEAD: The request's method was HEAD, so the response has no body.
    ///   - limits: The limits.
    public init(requestWasHEAD: Bool = false, limits: HTTPReadLimits = HTTPReadLimits()) {
        self.requestWasHEAD = requestWasHEAD
        self.limits = limits
    }

    /// Makes the reader ready for the next response on the same connection.
    ///
    /// - Parameter requestWasHEAD: The method of the next request is HEAD.
    public mutating func reset(requestWasHEAD: Bool = false) {
        self.requestWasHEAD = requestWasHEAD
        head = nil
        keepsAlive = false
        phase = .head
        block.reset()
        trailers.reset()
        informational = 0
        remaining = 0
        sizeDigits = 0
        extensionBytes = 0
        hasBytes = false
        hasLeftover = false
        failure = nil
    }

    /// The response is complete.
    public var isEnded: Bool { phase == .ended && failure == nil }

    /// The response is complete and the connection may carry another request.
    public var canReuseConnection: Bool { isEnded && !hasLeftover && keepsAlive }

    /// Takes in one read.
    ///
    /// - Parameter buffer: The bytes of the read. For a chunked body they are changed: the payload is moved together.
    /// - Returns: What the read brought. After a failure every call answers that failure and nothing else.
    /// - Complexity: O(bytes), one allocation for the head; none for the body.
    public mutating func consume(_ buffer: UnsafeMutableRawBufferPointer) -> HTTPReadOutput {
        var output = HTTPReadOutput()
        if let failure {
            output.failure = failure
            return output
        }
        if buffer.count > 0 { hasBytes = true }
        do throws(HTTPReadError) {
            try unsafe advance(buffer, &output)
        } catch {
            failure = error
            output.failure = error
        }
        return output
    }

    /// Tells what it means that the upstream closed the connection now.
    ///
    /// - Returns: `.complete` also for a body that ends with the connection.
    public mutating func finish() -> HTTPReadEnd {
        if !hasBytes { return .neverStarted }
        if failure != nil { return .truncated }
        if phase == .untilClose { phase = .ended }
        return phase == .ended ? .complete : .truncated
    }

    private mutating func advance(
        _ buffer: UnsafeMutableRawBufferPointer,
        _ output: inout HTTPReadOutput,
    ) throws(HTTPReadError) {
        var position = 0
        while phase == .head {
            guard let end = try unsafe block.consume(UnsafeRawBufferPointer(buffer), from: position, limits) else {
                return
            }
            position = end
            try endHead(&output)
        }
        switch phase {
        case .head: return
        case .ended: break
        case .untilClose:
            output.body = position..<buffer.count
            return
        case .length:
            let count = min(remaining, buffer.count - position)
            output.body = position..<(position + count)
            position += count
            remaining -= count
            if remaining == 0 { phase = .ended }
        default:
            position = try unsafe dechunk(buffer, from: position, &output)
        }
        guard phase == .ended else { return }
        output.ended = true
        output.leftover = buffer.count - position
        hasLeftover = hasLeftover || output.leftover > 0
    }

    /// Acts on a head that is complete: passes over an informational one, else chooses how the body is read.
    private mutating func endHead(_ output: inout HTTPReadOutput) throws(HTTPReadError) {
        guard let statusLine = block.status else { throw .statusLine }
        if statusLine.code == 101 { throw .switchingProtocols }
        let head = try HTTPResponseHead(block, statusLine, requestWasHEAD: requestWasHEAD)
        if statusLine.code < 200 {
            block.reset()
            informational += 1
            if informational > limits.maxInformational { throw .tooManyInformational }
            return
        }
        // The head shares the block's memory until the reset, which lets the head go first and so keeps the memory.
        self.head = head
        keepsAlive = head.keepsAlive
        output.headCompleted = true
        switch head.framing {
        case .none, .length(0): phase = .ended
        case .length(let length):
            remaining = length
            phase = .length
        case .chunked: phase = .chunkSize
        case .untilClose: phase = .untilClose
        }
    }
}

extension HTTPResponseReader {
    /// Reads chunked framing and moves the payload together.
    ///
    /// - Returns: The offset behind what belongs to the response.
    private mutating func dechunk(
        _ buffer: UnsafeMutableRawBufferPointer,
        from start: Int,
        _ output: inout HTTPReadOutput,
    ) throws(HTTPReadError) -> Int {
        guard let base = buffer.baseAddress else { return start }
        let end = buffer.count
        var position = start
        var bodyStart = start
        var bodyEnd = start
        defer { output.body = bodyStart..<bodyEnd }
        while position < end {
            let byte = unsafe base.load(fromByteOffset: position, as: UInt8.self)
            switch phase {
            case .chunkSize:
                position = try unsafe readSize(base, position, end)
            case .chunkExtension:
                position += 1
                if byte == 0x0D {
                    phase = .chunkSizeLF
                } else {
                    extensionBytes += 1
                    guard extensionBytes <= limits.maxChunkExtension, HTTPField.isValueByte(byte) else {
                        throw .chunkExtension
                    }
                }
            case .chunkSizeLF:
                guard byte == 0x0A else { throw .chunkSize }
                position += 1
                phase = remaining == 0 ? .trailerStart : .chunkData
                sizeDigits = 0
                extensionBytes = 0
            case .chunkData:
                let count = min(remaining, end - position)
                if bodyEnd == bodyStart {
                    bodyStart = position
                    bodyEnd = position
                } else {
                    unsafe (base + bodyEnd).copyMemory(from: base + position, byteCount: count)
                }
                bodyEnd += count
                position += count
                remaining -= count
                if remaining == 0 { phase = .chunkDataCR }
            case .chunkDataCR:
                guard byte == 0x0D else { throw .chunkEnd }
                position += 1
                phase = .chunkDataLF
            case .chunkDataLF:
                guard byte == 0x0A else { throw .chunkEnd }
                position += 1
                phase = .chunkSize
            case .trailerStart:
                // Nearly every response has no trailers; then nothing needs to be gathered.
                phase = byte == 0x0D ? .trailerEnd : .trailers
                if byte == 0x0D { position += 1 }
            case .trailerEnd:
                guard byte == 0x0A else { throw .lineEnding }
                phase = .ended
                return position + 1
            case .trailers:
                let next = try unsafe trailers.consume(UnsafeRawBufferPointer(buffer), from: position, limits)
                guard let next else { return end }
                phase = .ended
                return next
            case .head, .length, .untilClose, .ended:
                return position
            }
        }
        return position
    }

    /// Reads hexadecimal digits and the byte behind them.
    @inline(__always)
    private mutating func readSize(
        _ base: UnsafeMutableRawPointer,
        _ start: Int,
        _ end: Int,
    ) throws(HTTPReadError) -> Int {
        var position = start
        while position < end {
            let byte = unsafe base.load(fromByteOffset: position, as: UInt8.self)
            position += 1
            let letter = byte | 0x20
            let digit: Int
            if byte &- 0x30 < 10 {
                digit = Int(byte &- 0x30)
            } else if letter &- 0x61 < 6 {
                digit = Int(letter &- 0x57)
            } else {
                guard sizeDigits > 0 else { throw .chunkSize }
                switch byte {
                case 0x0D: phase = .chunkSizeLF
                case UInt8(ascii: ";"): phase = .chunkExtension
                default: throw .chunkSize
                }
                return position
            }
            sizeDigits += 1
            guard sizeDigits <= 16, remaining <= Int.max >> 4 else { throw .chunkSize }
            remaining = remaining << 4 | digit
        }
        return position
    }
}

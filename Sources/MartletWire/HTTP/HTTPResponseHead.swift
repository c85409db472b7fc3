/// The head of a final response.
///
/// The raw bytes are kept once; fields are slices of them.
public struct HTTPResponseHead: Sendable {
    /// How the length of the body is told.
    public enum Framing: Sendable, Equatable {
        /// There is no body: an answer to HEAD, 204 or 304.
        case none
        /// The body has this many bytes.
        case length(Int)
        /// The body is chunked.
        case chunked
        /// The body ends with the connection.
        case untilClose
    }

    /// The status code, 200...599.
    public let status: Int
    /// How the length of the body is told.
    public let framing: Framing
    /// The value of `Content-Length`, also where no body follows; `nil` when absent.
    public let contentLength: Int?
    /// The upstream keeps the connection open after this response.
    public let keepsAlive: Bool
    /// The minor version of HTTP, 0 or 1.
    public let minorVersion: Int

    private let bytes: [UInt8]
    private let fields: [HTTPFieldRange]
    private var contentTypeIndex: Int?
    private var contentEncodingIndex: Int?
    private var retryAfterIndex: Int?
    private var retryAfterMsIndex: Int?
    private var shouldRetryIndex: Int?
    private var errorTypeIndex: Int?
    private var inputTokensIndex: Int?

    /// Reads the fields that decide about the framing and notes where the usual ones are.
    init(_ block: HTTPFieldBlock, _ statusLine: HTTPStatusLine, requestWasHEAD: Bool) throws(HTTPReadError) {
        status = statusLine.code
        minorVersion = statusLine.minorVersion
        bytes = block.bytes
        fields = block.fields
        var length: Int?
        var isChunked = false
        var says: (close: Bool, keepAlive: Bool) = (false, false)
        for (index, field) in block.fields.enumerated() {
            // Most fields are passed over by the length of their name, before anything is sliced.
            switch field.name.count {
            case 10 where block.bytes[field.name].equalsIgnoringCase("connection"):
                for token in block.bytes[field.value].split(separator: UInt8(ascii: ",")) {
                    says.close = says.close || token.trimmed.equalsIgnoringCase("close")
                    says.keepAlive = says.keepAlive || token.trimmed.equalsIgnoringCase("keep-alive")
                }
            case 11 where block.bytes[field.name].equalsIgnoringCase("retry-after"):
                retryAfterIndex = retryAfterIndex ?? index
            case 12 where block.bytes[field.name].equalsIgnoringCase("content-type"):
                contentTypeIndex = contentTypeIndex ?? index
            case 14 where block.bytes[field.name].equalsIgnoringCase("content-length"):
                guard length == nil, let number = block.bytes[field.value].decimal else { throw .contentLength }
                length = number
            case 14 where block.bytes[field.name].equalsIgnoringCase("retry-after-ms"):
                retryAfterMsIndex = retryAfterMsIndex ?? index
            case 14 where block.bytes[field.name].equalsIgnoringCase("x-should-retry"):
                shouldRetryIndex = shouldRetryIndex ?? index
            case 16 where block.bytes[field.name].equalsIgnoringCase("content-encoding"):
                contentEncodingIndex = contentEncodingIndex ?? index
            case 16 where block.bytes[field.name].equalsIgnoringCase("x-amzn-errortype"):
                errorTypeIndex = errorTypeIndex ?? index
            case 32 where block.bytes[field.name].equalsIgnoringCase("x-amzn-bedrock-input-token-count"):
                inputTokensIndex = inputTokensIndex ?? index
            case 17 where block.bytes[field.name].equalsIgnoringCase("transfer-encoding"):
                guard !isChunked, statusLine.minorVersion == 1, block.bytes[field.value].equalsIgnoringCase("chunked")
                else { throw .transferEncoding }
                isChunked = true
            default: break
            }
        }
        if length != nil && isChunked { throw .framingConflict }
        contentLength = length
        if requestWasHEAD || statusLine.code < 200 || statusLine.code == 204 || statusLine.code == 304 {
            framing = .none
        } else if isChunked {
            framing = .chunked
        } else if let length {
            framing = .length(length)
        } else {
            framing = .untilClose
        }
        keepsAlive = !says.close && framing != .untilClose && (statusLine.minorVersion == 1 || says.keepAlive)
    }

    /// The value of `Content-Type`.
    public var contentType: ArraySlice<UInt8>? { value(at: contentTypeIndex) }
    /// The value of `Content-Encoding`.
    public var contentEncoding: ArraySlice<UInt8>? { value(at: contentEncodingIndex) }
    /// The value of `Retry-After`.
    public var retryAfter: ArraySlice<UInt8>? { value(at: retryAfterIndex) }
    /// The value of `retry-after-ms`.
    public var retryAfterMs: ArraySlice<UInt8>? { value(at: retryAfterMsIndex) }
    /// The value of `x-should-retry` when it is `true` or `false`.
    public var shouldRetry: Bool? {
        guard let value = value(at: shouldRetryIndex) else { return nil }
        return value.equalsIgnoringCase("true") ? true : value.equalsIgnoringCase("false") ? false : nil
    }

    /// The value of `x-amzn-errortype`: the class of an error, for services whose error bodies do not tell it.
    public var errorType: ArraySlice<UInt8>? { value(at: errorTypeIndex) }
    /// The value of `x-amzn-bedrock-input-token-count`, for answers whose bodies do not tell their tokens.
    public var inputTokens: Int? { value(at: inputTokensIndex)?.decimal }

    /// The number of fields.
    public var fieldCount: Int { fields.count }

    /// The raw bytes of the head: status line, fields, empty line.
    public var rawBytes: [UInt8] { bytes }

    /// Finds the first field of a name.
    ///
    /// - Parameter name: The name; ASCII upper and lower case are the same.
    /// - Returns: The value without white space at its ends, or `nil` when there is no such field.
    public func value(of name: StaticString) -> ArraySlice<UInt8>? {
        value(at: fields.firstIndex { field in bytes[field.name].equalsIgnoringCase(name) })
    }

    /// Finds the first field of a name.
    ///
    /// - Parameter name: The name; ASCII upper and lower case are the same.
    /// - Returns: The value without white space at its ends, or `nil` when there is no such field.
    public func value(of name: [UInt8]) -> ArraySlice<UInt8>? {
        let folded = name.map { byte in byte.asciiLowercased }
        return value(
            at: fields.firstIndex { field in
                field.name.count == folded.count
                    && zip(bytes[field.name], folded).allSatisfy { $0.asciiLowercased == $1 }
            }
        )
    }

    /// Calls a closure for each field in order.
    ///
    /// - Parameter body: Receives name and value.
    public func forEachField(_ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void) {
        for field in fields { body(bytes[field.name], bytes[field.value]) }
    }

    /// Tells whether `Content-Type` names a media type, whatever its parameters.
    ///
    /// - Parameter mediaType: Type and subtype, for example `text/event-stream`.
    /// - Returns: `false` when the field is absent.
    public func isContentType(_ mediaType: StaticString) -> Bool {
        guard let value = contentType else { return false }
        let end = value.firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
        return value[value.startIndex..<end].trimmed.equalsIgnoringCase(mediaType)
    }

    private func value(at index: Int?) -> ArraySlice<UInt8>? {
        guard let index else { return nil }
        return bytes[fields[index].value]
    }
}

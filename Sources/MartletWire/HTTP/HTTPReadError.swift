/// An upstream's response breaks the message syntax or a limit; the connection must not be used again.
public enum HTTPReadError: String, Error, Sendable, CaseIterable {
    /// The status line is not `HTTP/1.1 NNN reason` or `HTTP/1.0 NNN reason`.
    case statusLine = "status_line"
    /// The upstream answered 101, although no upgrade was asked for.
    case switchingProtocols = "switching_protocols"
    /// More than 16 informational (1xx) responses came before the final one.
    case tooManyInformational = "too_many_informational"
    /// A line of the head or the trailers ends with a bare LF.
    case lineEnding = "line_ending"
    /// A field name is empty, is no token, or is followed by white space.
    case fieldName = "field_name"
    /// A field value holds a control byte.
    case fieldValue = "field_value"
    /// A field line begins with white space (line folding).
    case lineFolding = "line_folding"
    /// One line is over its limit.
    case fieldTooLong = "field_too_long"
    /// The head or the trailers are over their limit.
    case headTooLong = "head_too_long"
    /// There are too many fields.
    case tooManyFields = "too_many_fields"
    /// `Content-Length` is repeated, no plain number, or too large.
    case contentLength = "content_length"
    /// `Transfer-Encoding` is repeated, not exactly `chunked`, or sent with HTTP/1.0.
    case transferEncoding = "transfer_encoding"
    /// Both `Content-Length` and `Transfer-Encoding` are there.
    case framingConflict = "framing_conflict"
    /// A chunk size is empty, no hexadecimal number, or too large, or its line ends wrongly.
    case chunkSize = "chunk_size"
    /// A chunk extension is too long or holds a control byte.
    case chunkExtension = "chunk_extension"
    /// A chunk's payload is not followed by CRLF.
    case chunkEnd = "chunk_end"
}

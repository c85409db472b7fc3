/// Header fields that are the same for many messages, with their HTTP/1.1 bytes made once.
public struct FieldBlock: Sendable {
    /// The fields, in order; those without a value are left out.
    public let fields: [HeaderField]
    /// The field lines (RFC 9112 §5), each with its CRLF.
    ///
    /// Never logged: they may carry a credential.
    public let lines: [UInt8]

    /// Renders fields; names and values are valid already.
    public init(_ fields: [HeaderField]) {
        self.fields = fields.filter { !$0.value.isEmpty }
        var lines: [UInt8] = []
        for field in self.fields {
            lines += field.name.utf8
            lines += ": ".utf8
            lines += field.value.utf8
            lines += "\r\n".utf8
        }
        self.lines = lines
    }
}

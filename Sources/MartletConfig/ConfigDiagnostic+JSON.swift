public import MartletWire

extension ConfigDiagnostic {
    /// Writes the finding as an object: severity, place, message and suggestion.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        Self.member("severity", severity.rawValue, &writer)
        Self.member("place", place, &writer)
        Self.member("file", file, &writer)
        Self.member("line", line, &writer)
        Self.member("column", column, &writer)
        Self.member("message", message, &writer)
        Self.member("suggestion", suggestion, &writer)
        writer.endObject()
    }

    private static func member(_ name: StaticString, _ text: String?, _ writer: inout JSONWriter) {
        writer.key(name)
        if let text { writer.string(text) } else { writer.null() }
    }

    private static func member(_ name: StaticString, _ number: Int?, _ writer: inout JSONWriter) {
        writer.key(name)
        if let number { writer.integer(number) } else { writer.null() }
    }
}

extension [ConfigDiagnostic] {
    /// Writes the findings as an array.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        for finding in self { finding.write(to: &writer) }
        writer.endArray()
    }
}

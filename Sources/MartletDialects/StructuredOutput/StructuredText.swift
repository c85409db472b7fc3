import MartletWire

/// Finds the JSON in what a model wrote.
enum StructuredText {
    /// The JSON of an answer: the whole text; what stands in its only code fence; or what reaches from the first bracket
    /// to the last one.
    ///
    /// - Returns: The first of them that is one JSON value, with the bytes it has in the text; `nil` when none is.
    static func json(in text: String) -> JSONDocument? {
        let bytes = Array(text.utf8)
        if let document = try? JSONDocument(bytes) { return trimmed(document) }
        if let fenced = fenced(bytes), let document = try? JSONDocument(Array(fenced)) { return trimmed(document) }
        guard let start = bytes.firstIndex(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }),
            let end = bytes.lastIndex(where: { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "]") }), start < end
        else { return nil }
        return (try? JSONDocument(Array(bytes[start...end]))).flatMap(trimmed)
    }

    private static func trimmed(_ document: JSONDocument) -> JSONDocument? {
        document.rootRange.count == document.bytes.count
            ? document : try? JSONDocument(Array(document.bytes[document.rootRange]))
    }

    /// What stands between the first line that begins with three backticks and the next one.
    private static func fenced(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard let open = fence(in: bytes[...]) else { return nil }
        guard let lineEnd = bytes[open.upperBound...].firstIndex(of: 0x0A) else { return nil }
        let rest = bytes[(lineEnd + 1)...]
        guard let close = fence(in: rest) else { return nil }
        return rest[..<close.lowerBound]
    }

    private static func fence(in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        var run = 0
        for index in bytes.indices {
            run = bytes[index] == UInt8(ascii: "`") ? run + 1 : 0
            if run == 3 { return index - 2..<index + 1 }
        }
        return nil
    }
}

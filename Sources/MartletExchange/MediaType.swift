/// Reads `Content-Type` values (RFC 9110 §8.3.1).
enum MediaType {
    /// Type and subtype in lower case, without parameters and surrounding spaces.
    static func essence(of field: String) -> String {
        if field == "application/json" { return field }
        let bytes = field.utf8.prefix { $0 != UInt8(ascii: ";") }
        let trimmed = Substring(bytes).trimmingPrefix { $0 == " " || $0 == "\t" }
        var text = String(trimmed)
        while text.utf8.last == UInt8(ascii: " ") || text.utf8.last == UInt8(ascii: "\t") { text.removeLast() }
        return text.lowercased()
    }

    /// Whether a type is JSON (RFC 8259 §11, RFC 6839 §3.1).
    static func isJSON(_ essence: String) -> Bool {
        essence == "application/json" || essence == "text/json"
            || (essence.hasPrefix("application/") && essence.hasSuffix("+json"))
    }
}

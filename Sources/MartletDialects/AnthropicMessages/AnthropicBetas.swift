/// The features a caller switches on by the header `anthropic-beta`.
///
/// An open list: towards Anthropic it goes on as it came, towards any other target not at all, and the names are told
/// to the caller. What a beta adds to the body is left out there with it: half of such a pair is refused everywhere.
public enum AnthropicBetas {
    /// The largest number of names that are read.
    public static let most = 64

    /// Reads the values of the header, which may stand several times and hold lists (RFC 9110 §5.6.1).
    ///
    /// - Parameter values: The values as they came.
    /// - Returns: The names, each once, in order.
    public static func names(_ values: [String]) -> [String] {
        var names: [String] = []
        for value in values {
            for part in value.utf8.split(whereSeparator: { $0 == UInt8(ascii: ",") }) {
                let name = String(decoding: part.trimmed, as: UTF8.self)
                guard !name.isEmpty, !names.contains(name) else { continue }
                guard names.count < most else { return names }
                names.append(name)
            }
        }
        return names
    }

    /// The paths under which betas are named that do not reach a target of another dialect.
    ///
    /// - Parameter values: The values as they came.
    public static func dropped(_ values: [String]) -> [String] {
        names(values).map { DroppedPaths.path("anthropic-beta", $0) }
    }
}

extension Substring.UTF8View {
    /// The bytes without spaces and tabs around them.
    fileprivate var trimmed: Substring.UTF8View {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

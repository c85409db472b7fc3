/// Fits ids of calls and names of tools into what the API takes, the same for the same name in one request.
///
/// - SeeAlso: Anthropic API reference, "Messages", `tools.name` and `tool_use.id`.
struct AnthropicNames {
    private var sentNames: [String: String] = [:]
    private var usedNames: Set<String> = []
    private var usedIDs: Set<String> = []

    /// The caller's names by those sent, where they differ.
    private(set) var renamed: [String: String] = [:]

    /// The longest name of a tool.
    private static let longestName = 128

    /// The name to send for a tool.
    mutating func name(_ name: String) -> String {
        if let known = sentNames[name] { return known }
        let clean = Self.clean(name, limit: Self.longestName)
        let sent = Self.unique(clean.isEmpty ? "tool" : clean, usedNames, limit: Self.longestName)
        usedNames.insert(sent)
        sentNames[name] = sent
        if sent != name { renamed[sent] = name }
        return sent
    }

    /// The id to send for a call; ids are made different where a client repeats them.
    mutating func id(_ id: String) -> String {
        let clean = Self.clean(id, limit: 256)
        let sent = Self.unique(clean.isEmpty ? "call" : clean, usedIDs, limit: 256)
        usedIDs.insert(sent)
        return sent
    }

    private static func clean(_ text: String, limit: Int) -> String {
        let isClean = { (byte: UInt8) in byte == 0x5F || byte == 0x2D || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
        }
        if text.utf8.count <= limit, text.utf8.allSatisfy(isClean) { return text }
        return String(decoding: text.utf8.prefix(limit).map { isClean($0) ? $0 : 0x5F }, as: UTF8.self)
    }

    private static func unique(_ text: String, _ used: Set<String>, limit: Int) -> String {
        var candidate = text
        var number = 2
        while used.contains(candidate) {
            let suffix = "_\(number)"
            candidate = String(decoding: text.utf8.prefix(limit - suffix.utf8.count), as: UTF8.self) + suffix
            number += 1
        }
        return candidate
    }
}

/// Fits ids of calls and names of tools into what OpenAI takes, the same for the same name in one request.
///
/// - SeeAlso: OpenAI API reference, "Responses", `tools.name` and `call_id`.
struct ResponsesNames {
    private var names = FittedNames()
    private var sentIDs: [String: String] = [:]
    private var takenIDs: Set<String> = []

    /// The caller's names by those sent, where they differ.
    var renamed: [String: String] { names.renamed }

    /// The longest name of a tool and the longest id of a call.
    static let longest = 64

    /// Gives the tools of a request their names, before anything of its history has any.
    mutating func register(_ tools: [String]) { names.register(tools, limit: Self.longest, fit: Self.fit) }

    /// The name to send for a tool.
    mutating func name(_ name: String) -> String { names.name(name, limit: Self.longest, fit: Self.fit) }

    private static func fit(_ name: String) -> String { clean(name, otherwise: "tool") }

    /// The id to send for a call and its result; only its length matters.
    mutating func id(_ id: String) -> String {
        if let known = sentIDs[id] { return known }
        let isShort = id.utf8.count <= Self.longest && !id.isEmpty
        let sent = Self.unique(isShort ? id : Self.clean(id, otherwise: "call"), &takenIDs)
        sentIDs[id] = sent
        return sent
    }

    /// A text with other characters in place of those that names must not have.
    static func clean(_ text: String, otherwise: String) -> String {
        let isClean = { (byte: UInt8) in
            byte == 0x5F || byte == 0x2D || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
        }
        if text.isEmpty { return otherwise }
        if text.utf8.count <= longest, text.utf8.allSatisfy(isClean) { return text }
        return String(decoding: text.utf8.prefix(longest).map { isClean($0) ? $0 : 0x5F }, as: UTF8.self)
    }

    /// A name, or the name with a number where it is taken.
    static func unique(_ name: String, _ taken: inout Set<String>) -> String {
        var candidate = name
        var number = 2
        while !taken.insert(candidate).inserted {
            let suffix = "_\(number)"
            number += 1
            candidate = String(decoding: name.utf8.prefix(longest - suffix.utf8.count), as: UTF8.self) + suffix
        }
        return candidate
    }
}

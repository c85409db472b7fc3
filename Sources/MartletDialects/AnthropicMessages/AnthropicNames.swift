/// Fits ids of calls and names of tools into what the API takes, the same for the same name in one request.
///
/// - SeeAlso: Anthropic API reference, "Messages", `tools.name` and `tool_use.id`.
struct AnthropicNames {
    private var names = FittedNames()
    private var usedIDs = Used()

    /// The caller's names by those sent, where they differ.
    var renamed: [String: String] { names.renamed }

    /// The longest name of a tool, in bytes.
    private let longestName: Int
    /// Whether a name must begin with a letter or `_`.
    private let beginsWithLetter: Bool
    /// The longest id of a call, in bytes.
    private let longestID: Int

    init(longestName: Int = 128, longestID: Int = 256, beginsWithLetter: Bool = false) {
        self.longestName = longestName
        self.longestID = longestID
        self.beginsWithLetter = beginsWithLetter
    }

    /// Gives the tools of a request their names, before anything of its history has any.
    mutating func register(_ tools: [String]) { names.register(tools, limit: longestName, fit: fit) }

    /// The name to send for a tool.
    mutating func name(_ name: String) -> String { names.name(name, limit: longestName, fit: fit) }

    private var fit: (String) -> String {
        { [longestName, beginsWithLetter] in Self.fitted($0, longestName, beginsWithLetter) }
    }

    private static func fitted(_ name: String, _ longestName: Int, _ beginsWithLetter: Bool) -> String {
        var clean = clean(name, limit: longestName)
        if beginsWithLetter, let first = clean.utf8.first, first != 0x5F, (first | 0x20) &- 0x61 >= 26 {
            clean = Self.clean("_" + clean, limit: longestName)
        }
        return clean.isEmpty ? "tool" : clean
    }

    /// The id to send for a call; ids are made different where a client repeats them.
    mutating func id(_ id: String) -> String {
        let clean = Self.clean(id, limit: longestID)
        return usedIDs.unique(clean.isEmpty ? "call" : clean, limit: longestID)
    }

    private static func clean(_ text: String, limit: Int) -> String {
        let isClean = { (byte: UInt8) in byte == 0x5F || byte == 0x2D || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
        }
        if text.utf8.count <= limit, text.utf8.allSatisfy(isClean) { return text }
        return String(decoding: text.utf8.prefix(limit).map { isClean($0) ? $0 : 0x5F }, as: UTF8.self)
    }

    /// Ids that are taken.
    private struct Used {
        private var taken: Set<String> = []
        /// The number to try next behind a name that was asked for again, so that many equal ones cost little.
        private var next: [String: Int] = [:]

        /// Takes a name, or the name with a number where it is taken.
        mutating func unique(_ name: String, limit: Int) -> String {
            var candidate = name
            while !taken.insert(candidate).inserted {
                let number = next[name, default: 2]
                next[name] = number + 1
                let suffix = "_\(number)"
                candidate = String(decoding: name.utf8.prefix(limit - suffix.utf8.count), as: UTF8.self) + suffix
            }
            return candidate
        }
    }
}

/// Words as a POSIX shell would split them, without a shell: nothing is expanded and nothing is run.
///
/// Rules of quoting: POSIX.1-2024, Shell Command Language §2.2; the same as Python's `shlex.split`.
enum ShellWords {
    /// Splits a line.
    ///
    /// - Returns: `nil` when a quote is not closed, or the line ends with a backslash.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        var isEscaped = false
        for byte in line.utf8 {
            if isEscaped {
                // Within double quotes a backslash counts only before one, or before itself.
                if quote != nil, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    word = (word ?? []) + [UInt8(ascii: "\\")]
                }
                word = (word ?? []) + [byte]
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
                isEscaped = true
            } else if byte == quote {
                quote = nil
            } else if quote != nil {
                word = (word ?? []) + [byte]
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
                word = word ?? []
            } else if byte == 0x20 || (0x09...0x0D).contains(byte) {
                if let ended = word { words.append(String(decoding: ended, as: UTF8.self)) }
                word = nil
            } else {
                word = (word ?? []) + [byte]
            }
        }
        guard quote == nil, !isEscaped else { return nil }
        if let ended = word { words.append(String(decoding: ended, as: UTF8.self)) }
        return words
    }
}

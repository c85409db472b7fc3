/// Puts the prompt together from the flag and from what is piped in.
enum PromptInput {
    /// Joins `--prompt` and stdin: either alone is the prompt; with both stdin is appended on a new line.
    ///
    /// - Parameters:
    ///   - flag: The value of `--prompt`.
    ///   - input: The bytes of stdin; `nil` when it is a terminal.
    /// - Throws: A usage failure when there is no text, or stdin is not UTF-8.
    static func combine(flag: String?, input: [UInt8]?) throws(CommandFailure) -> String {
        var piped = ""
        if let input {
            guard let text = String(validating: input, as: UTF8.self) else {
                throw CommandFailure(.usage, "stdin is not UTF-8 text")
            }
            piped = text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
        }
        let parts = [flag ?? "", piped].filter { !$0.isEmpty }
        guard parts.contains(where: { $0.contains { !$0.isWhitespace } }) else {
            throw CommandFailure(.usage, "there is no prompt: give --prompt, or pipe text in")
        }
        return parts.joined(separator: "\n")
    }
}

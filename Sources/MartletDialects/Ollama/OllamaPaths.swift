/// Ollama's names of the members that all dialects share.
enum OllamaPaths {
    /// Names at the top of a body.
    ///
    /// Options without a name in other dialects bear their own.
    private static let names: [String: String] = [
        "temperature": "options.temperature",
        "top_p": "options.top_p",
        "top_k": "options.top_k",
        "seed": "options.seed",
        "presence_penalty": "options.presence_penalty",
        "frequency_penalty": "options.frequency_penalty",
        "stop": "options.stop",
        "max_completion_tokens": "options.num_predict",
        "max_tokens": "options.num_predict",
        "reasoning_effort": "think",
        "response_format": "format",
    ]

    /// Translates a path: `max_tokens` is `options.num_predict`, parts of contents are `images[…]` or the content.
    static func caller(_ path: String) -> String {
        let end = path.utf8.firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") } ?? path.endIndex
        let first = String(path[..<end])
        if first == "response_format" { return "format" }
        if let name = names[first] { return name + path[end...] }
        guard first == "messages" else { return path }
        // Ollama has one text and pictures in place of the parts of a content; a part is shown as the message it is in.
        let pieces = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2, let message = pieces.first else { return path }
        if pieces[1].hasPrefix("content") { return "\(message).content" }
        if pieces[1] == "reasoning_content" { return "\(message).thinking" }
        return path
    }
}

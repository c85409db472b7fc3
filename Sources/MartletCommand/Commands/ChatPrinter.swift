/// Prints an answer, whole or in parts, as it comes.
struct ChatPrinter {
    private let console: Console
    private let isJSON: Bool
    private let showsReasoning: Bool
    private var progress: Progress
    /// Stdout is within a line.
    private var lineIsOpen = false
    /// Stderr is within a line of thinking.
    private var thoughtIsOpen = false
    private var finishReason: String?

    /// Creates a printer.
    ///
    /// - Parameters:
    ///   - isJSON: Whether each part is printed as its JSON on a line.
    ///   - showsReasoning: Whether thinking is printed on stderr.
    init(_ console: Console, isJSON: Bool, showsReasoning: Bool) {
        self.console = console
        self.isJSON = isJSON
        self.showsReasoning = showsReasoning
        progress = Progress(console)
    }

    /// Says what is being waited for.
    mutating func begin(_ text: String) throws {
        // Interrupted before the first token, the terminal has `^C` on the line.
        Interrupt.set(.openLine, !isJSON)
        try progress.begin(text)
    }

    /// Prints a part.
    mutating func add(json: [UInt8], _ part: ChatAnswer) throws {
        finishReason = part.finishReason ?? finishReason
        guard !isJSON else {
            try progress.end()
            return try console.printLine(json)
        }
        if showsReasoning, !part.reasoning.isEmpty { try think(part.reasoning) }
        guard !part.text.isEmpty else { return }
        try progress.end()
        try endThought()
        let text = console.outputIsTerminal ? Plain.text(part.text) : part.text
        try console.writeOutput(Array(text.utf8))
        if let last = text.utf8.last { lineIsOpen = last != UInt8(ascii: "\n") }
        Interrupt.set(.openLine, lineIsOpen)
    }

    /// Ends the line, and says when the answer is not whole.
    mutating func end() throws {
        try progress.end()
        try endThought()
        if lineIsOpen { try console.writeOutput([UInt8(ascii: "\n")]) }
        lineIsOpen = false
        Interrupt.set(.openLine, false)
        guard !isJSON else { return }
        switch finishReason {
        case "length": try console.warn("the answer was cut at the limit of tokens")
        case "content_filter": try console.warn("the answer was cut by the provider's content filter")
        default: break
        }
    }

    private mutating func think(_ text: String) throws {
        try progress.end()
        if lineIsOpen, console.outputIsTerminal { try console.writeOutput([UInt8(ascii: "\n")]) }
        lineIsOpen = lineIsOpen && !console.outputIsTerminal
        thoughtIsOpen = true
        let text = console.errorIsTerminal ? Plain.text(text) : text
        try console.writeError(Array(console.errorStyle.paint(text, .dim).utf8))
    }

    private mutating func endThought() throws {
        guard thoughtIsOpen else { return }
        thoughtIsOpen = false
        try console.writeError([UInt8(ascii: "\n")])
    }
}

/// Where a command prints to, and what it may know of the terminal.
///
/// Results go to stdout; progress, notes and errors to stderr.
struct Console: Sendable {
    /// The environment.
    var environment: [String: String]
    /// Whether stdout is a terminal.
    var outputIsTerminal: Bool
    /// Whether stderr is a terminal.
    var errorIsTerminal: Bool
    /// The colours of stdout.
    var outputStyle = Style(isOn: false)
    /// The colours of stderr.
    var errorStyle = Style(isOn: false)
    /// Writes to stdout, unbuffered.
    var writeOutput: @Sendable ([UInt8]) throws -> Void
    /// Writes to stderr, unbuffered.
    var writeError: @Sendable ([UInt8]) throws -> Void
    /// Reads stdin to its end; `nil` when it is a terminal or closed.
    var readInput: @Sendable () throws -> [UInt8]?

    /// Prints a result with a newline.
    func print(_ text: String) throws { try printLine(Array(text.utf8)) }

    /// Prints a result and ends the line unless it ends itself.
    func printLine(_ bytes: [UInt8]) throws {
        try writeOutput(bytes.last == UInt8(ascii: "\n") ? bytes : bytes + [UInt8(ascii: "\n")])
    }

    /// Prints a note or an error with a newline.
    func note(_ text: String) throws {
        try writeError(Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    /// Prints a warning.
    func warn(_ text: String) throws { try note(errorStyle.paint("warning:", .yellow) + " " + text) }

    /// The console with its colours decided.
    func coloured(forbidden: Bool) -> Console {
        var console = self
        console.outputStyle = Style(environment: environment, forbidden: forbidden, isTerminal: outputIsTerminal)
        console.errorStyle = Style(environment: environment, forbidden: forbidden, isTerminal: errorIsTerminal)
        return console
    }

    /// Whether a line on stderr may be written and wiped again.
    var showsProgress: Bool { errorIsTerminal && environment["TERM"] != "dumb" }
}

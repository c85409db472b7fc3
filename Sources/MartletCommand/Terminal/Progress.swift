/// A line on a terminal's stderr that says what is being waited for, and is wiped when it is over.
struct Progress {
    private let console: Console
    private var isShown = false

    /// Creates a progress that shows nothing yet.
    init(_ console: Console) { self.console = console }

    /// Shows the line; nothing where stderr is no terminal.
    mutating func begin(_ text: String) throws {
        guard console.showsProgress, !isShown else { return }
        isShown = true
        Interrupt.set(.progress, true)
        try console.writeError(Array(console.errorStyle.paint(Plain.line(text) + " …", .dim).utf8))
    }

    /// Wipes the line.
    mutating func end() throws {
        guard isShown else { return }
        isShown = false
        Interrupt.set(.progress, false)
        try console.writeError(Array("\r\u{1b}[K".utf8))
    }
}

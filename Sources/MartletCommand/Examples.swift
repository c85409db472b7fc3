/// The examples that end the help of every command.
enum Examples {
    /// Lays out examples, one a line.
    static func text(_ examples: String...) -> String {
        "Examples:\n" + examples.map { "  " + $0 }.joined(separator: "\n")
    }
}

import ArgumentParser

/// What is asked.
struct PromptOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The question; text piped in is appended, or stands alone.", valueName: "text"))
    var prompt: String?

    /// The question, with what is piped in unless stdin holds the key.
    func text(_ console: Console, inputIsKey: Bool) throws -> String {
        try PromptInput.combine(flag: prompt, input: inputIsKey ? nil : console.readInput())
    }
}

import ArgumentParser

/// `martlet completion`.
struct CompletionCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a completion script for a shell.",
        discussion: Examples.text(
            "martlet completion bash > ~/.local/share/bash-completion/completions/martlet",
            "martlet completion fish > ~/.config/fish/completions/martlet.fish"
        )
    )

    @Argument(help: "The shell: bash, zsh or fish.")
    var shell: String

    mutating func validate() throws {
        guard Self.shell(shell) != nil else { throw ValidationError("the shells are bash, zsh and fish") }
    }

    mutating func run(on console: Console) async throws {
        guard let shell = Self.shell(shell) else { return }
        try console.print(RootCommand.completionScript(for: shell))
    }

    private static func shell(_ name: String) -> CompletionShell? { CompletionShell(rawValue: name) }
}

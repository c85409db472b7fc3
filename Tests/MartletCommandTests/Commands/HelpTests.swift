import ArgumentParser
import Testing

@testable import MartletCommand

@Suite struct HelpTests {
    private static func commands(_ root: any ParsableCommand.Type = RootCommand.self) -> [any ParsableCommand.Type] {
        [root] + root.configuration.subcommands.flatMap { commands($0) }
    }

    @Test func `every level has one line of purpose and two examples that parse`() throws {
        let commands = Self.commands()
        #expect(commands.count == 27)
        for command in commands {
            let configuration = command.configuration
            let name = configuration.commandName ?? "?"
            #expect(!configuration.abstract.isEmpty && !configuration.abstract.contains("\n"), "\(name)")
            let examples = configuration.discussion.split(separator: "\n").filter { $0.contains("  ") }
            #expect(examples.count == 2, "\(name)")
            for example in examples {
                #expect(throws: Never.self, "\(example)") { try RootCommand.parseAsRoot(Self.words(example)) }
            }
            let help = RootCommand.helpMessage(for: command, columns: 100)
            #expect(help.contains("USAGE: martlet") && help.contains("OPTIONS:"), "\(name)")
        }
    }

    /// The arguments of an example: what follows the last `martlet` up to a redirection, with quotes taken away.
    private static func words(_ example: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in example {
            switch character {
            case "\"": isQuoted.toggle()
            case " " where !isQuoted:
                if !word.isEmpty { words.append(word) }
                word = ""
            default: word.append(character)
            }
        }
        words.append(word)
        let arguments = words.drop { $0 != "martlet" }.dropFirst().prefix { $0 != ">" }
        return Array(arguments)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `each shell has a completion script that knows the commands`(shell: String) async {
        let captured = CapturedConsole()
        #expect(await captured.run("completion", shell) == 0)
        #expect(captured.output.contains("martlet") && captured.output.contains("revoke"))
        #expect(captured.error == "")
    }

    @Test func `help and version are results`() async {
        let help = CapturedConsole()
        #expect(await help.run("--help") == 0)
        #expect(help.output.contains("USAGE: martlet") && help.error == "")
        let version = CapturedConsole()
        #expect(await version.run("--version") == 0)
        #expect(version.output.hasPrefix("martlet ") && version.output.split(separator: ".").count == 3)
        let none = CapturedConsole()
        #expect(await none.run() == 0)
        #expect(none.output.contains("USAGE: martlet"))
    }
}

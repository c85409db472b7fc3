import ArgumentParser

/// Runs one command line and turns whatever ends it into text and an exit code.
enum CommandLineRun {
    /// Runs a command line.
    ///
    /// - Parameter arguments: The arguments without the program's name.
    /// - Returns: The exit code.
    static func run(_ arguments: [String], console: Console) async -> Int32 {
        let console = console.coloured(forbidden: Self.flags(arguments).contains("--no-color"))
        do {
            let command = try await RootCommand.asyncParseAsRoot(arguments)
            if var command = command as? any ConsoleCommand {
                try await command.run(on: console)
            } else {
                // What is left are the parser's own commands and groups without a default, which print their help.
                var command = command
                try command.run()
            }
            return ExitReason.ok.rawValue
        } catch {
            do {
                return try report(error, arguments, console)
            } catch {
                return (error as? OutputClosed)?.exitCode ?? ExitReason.failed.rawValue
            }
        }
    }

    private static func report(_ error: any Error, _ arguments: [String], _ console: Console) throws -> Int32 {
        let isJSON = flags(arguments).contains("--json")
        switch error {
        case let failure as CommandFailure:
            try console.report(failure, isJSON: isJSON)
            return failure.status.rawValue
        case let end as CommandEnd:
            return end.exitCode
        case let closed as OutputClosed:
            return closed.exitCode
        default:
            let code = RootCommand.exitCode(for: error).rawValue
            let text = RootCommand.fullMessage(for: error)
            if code == 0 {
                if !text.isEmpty { try console.print(text) }
            } else if isJSON {
                let failure = CommandFailure(.usage, RootCommand.message(for: error))
                try console.report(failure, isJSON: true)
            } else if !text.isEmpty {
                try console.note(text)
            }
            return code
        }
    }

    /// The arguments before `--`, where a flag is a flag.
    private static func flags(_ arguments: [String]) -> ArraySlice<String> { arguments.prefix { $0 != "--" } }
}

/// A command that prints to a console it is given.
protocol ConsoleCommand: AsyncParsableCommand {
    /// Does the command's work.
    mutating func run(on console: Console) async throws
}

extension ConsoleCommand {
    /// Does the command's work on the process's own streams.
    mutating func run() async throws { try await run(on: .standard) }
}

/// The command ended with an exit code and has printed everything already.
struct CommandEnd: Error {
    var exitCode: Int32
}

import ArgumentParser
import MartletServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#endif

/// The process: runs the command line and ends with its exit code.
@main
struct Main {
    static func main() async {
        // A closed pipe shows as an error of the write, which ends the process in silence; see `StandardStreams`.
        _ = signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        exit(await CommandLineRun.run(arguments, console: .standard))
    }
}

/// The commands of `martlet`.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "A self-hosted gateway to cloud and local AI models.",
        discussion: Examples.text("martlet serve", "martlet ai chat mock --prompt \"Hello\" --stream"),
        version: "martlet \(MartletVersion.text)",
        subcommands: [
            ServeCommand.self, GatewayCommand.self, KeysCommand.self, ConfigCommand.self, AICommand.self,
            StatusCommand.self, TraceCommand.self, ReloadCommand.self, CompletionCommand.self,
        ]
    )
}

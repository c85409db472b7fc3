import Synchronization

@testable import MartletCommand

/// Runs command lines and keeps what they print.
final class CapturedConsole: Sendable {
    private let streams = Mutex<(output: [UInt8], error: [UInt8])>(([], []))
    private let environment: [String: String]
    private let isTerminal: Bool
    private let input: [UInt8]?
    /// From how many bytes on stdout is closed.
    private let outputCloses: Int

    init(
        environment: [String: String] = [:],
        isTerminal: Bool = false,
        input: String? = nil,
        outputCloses: Int = .max
    ) {
        self.environment = environment
        self.isTerminal = isTerminal
        self.input = input.map { Array($0.utf8) }
        self.outputCloses = outputCloses
    }

    var output: String { streams.withLock { String(decoding: $0.output, as: UTF8.self) } }
    var error: String { streams.withLock { String(decoding: $0.error, as: UTF8.self) } }

    var console: Console {
        Console(
            environment: environment,
            outputIsTerminal: isTerminal,
            errorIsTerminal: isTerminal,
            writeOutput: { bytes in
                try self.streams.withLock { streams in
                    guard streams.output.count < self.outputCloses else { throw OutputClosed() }
                    streams.output += bytes
                }
            },
            writeError: { bytes in self.streams.withLock { $0.error += bytes } },
            readInput: { self.input }
        )
    }

    /// Runs a command line and answers its exit code.
    func run(_ arguments: String...) async -> Int32 { await CommandLineRun.run(arguments, console: console) }
}

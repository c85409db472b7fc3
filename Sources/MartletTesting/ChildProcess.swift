#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A command that runs beside a test.
///
/// Foundation's `Process` copies whole directory entries of `/proc/self/fd` out of a buffer that they need not fill, and
/// reads past its end at times (swift-corelibs-foundation of Swift 6.3.1); this one calls `posix_spawn` and nothing else.
public struct ChildProcess: Sendable {
    /// Its process id.
    public let id: Int32

    /// The command could not be started; the number is `errno`'s.
    public struct NotStarted: Error {
        /// What the system said.
        public let number: Int32
    }

    /// How a command ended.
    public enum Ending: Hashable, Sendable {
        /// By itself, with a status.
        case exited(Int32)
        /// By a signal.
        case killed(Int32)
    }

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - path: The executable.
    ///   - arguments: What follows its name.
    ///   - directory: Its working directory; `nil` is the test's own.
    ///   - input: The descriptor it reads from; `nil` reads nothing.
    ///   - output: The descriptor for its output and errors.
    /// - Throws: ``NotStarted``.
    public init(
        _ path: String,
        _ arguments: [String],
        in directory: String? = nil,
        input: Int32? = nil,
        output: Int32
    ) throws(NotStarted) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        // No function that changes the directory is the same on all systems; the shell's command is.
        let command = [path] + arguments
        let line = directory.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0] + command } ?? command
        var words: [UnsafeMutablePointer<CChar>?] = unsafe line.map { unsafe strdup($0) }
        defer { unsafe words.forEach { unsafe free($0) } }
        unsafe words.append(nil)
        var id: pid_t = 0
        let number = unsafe posix_spawn(&id, line[0], &actions, nil, words, environ)
        guard number == 0 else { throw NotStarted(number: number) }
        self.id = id
    }

    /// Ends it at once.
    public func kill() { _ = sendSignal(id, SIGKILL) }

    /// Waits for its end; blocks.
    public func wait() -> Ending {
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
    }

    /// Runs a command to its end and collects what it says; blocks.
    ///
    /// - Parameters:
    ///   - path: The executable.
    ///   - arguments: What follows its name.
    ///   - directory: Its working directory; `nil` is the test's own.
    ///   - input: What it reads.
    /// - Throws: ``NotStarted``.
    public static func run(
        _ path: String,
        _ arguments: [String],
        in directory: String? = nil,
        input: [UInt8] = []
    ) throws(NotStarted) -> (ending: Ending, output: [UInt8]) {
        // Files rather than pipes: nobody has to read while the other one writes.
        guard let source = unsafe tmpfile() else { throw NotStarted(number: errno) }
        defer { unsafe fclose(source) }
        guard let sink = unsafe tmpfile() else { throw NotStarted(number: errno) }
        defer { unsafe fclose(sink) }
        unsafe fwrite(input, 1, input.count, source)
        unsafe rewind(source)
        let child = try ChildProcess(
            path,
            arguments,
            in: directory,
            input: unsafe fileno(source),
            output: unsafe fileno(sink)
        )
        let ending = child.wait()
        unsafe rewind(sink)
        var output: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe fread(&part, 1, part.count, sink)
            guard count > 0 else { return (ending, output) }
            output += part[..<count]
        }
    }
}

private func sendSignal(_ id: Int32, _ signal: Int32) -> Int32 { kill(id, signal) }

import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs a program that prints a credential: without a shell, and with limits of time and output.
///
/// What it prints goes nowhere but to who asked; what it says on standard error goes nowhere at all.
enum CredentialProgram {
    /// The largest output that is read, in bytes.
    static let maxBytes = 64 << 10

    /// Why there is no output, in words that stand behind the program's name.
    struct Fault: Error, Hashable {
        let text: String
    }

    /// Runs a program to its end, on a thread of its own.
    ///
    /// - Parameters:
    ///   - words: The program, looked for in `PATH` unless it has a slash, and its arguments.
    ///   - limit: How long it may take; it is killed then, and when the task is cancelled.
    static func run(_ words: [String], limit: Duration = .seconds(9)) async -> Result<[UInt8], Fault> {
        let isCancelled = Flag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                Thread.detachNewThread {
                    let end = ContinuousClock.now + limit
                    done.resume(returning: blockingRun(words) { isCancelled.isSet || ContinuousClock.now >= end })
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }

    /// Milliseconds between two looks whether it is to be ended.
    private static let look: Int32 = 20

    private static func blockingRun(_ words: [String], isOver: () -> Bool) -> Result<[UInt8], Fault> {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return .failure(Fault(text: "cannot be run")) }
        defer { _ = close(ends[0]) }
        // Nobody else's child may hold it open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        guard let id = start(words, output: ends[1]) else {
            _ = close(ends[1])
            return .failure(Fault(text: "cannot be started"))
        }
        _ = close(ends[1])
        let read = readAll(ends[0], isOver: isOver)
        var status: Int32 = 0
        if case .success = read {
            // It has closed its output, and is about to end.
            while true {
                let ended = unsafe waitpid(id, &status, WNOHANG)
                if ended == id { break }
                if ended == -1, errno != EINTR { return .failure(Fault(text: "cannot be run")) }
                if isOver() {
                    finish(id)
                    return .failure(Fault(text: "does not end in time"))
                }
                _ = poll(nil, 0, look)
            }
            guard status & 0x7F == 0 else { return .failure(Fault(text: "was ended by a signal")) }
            let code = (status >> 8) & 0xFF
            guard code == 0 else { return .failure(Fault(text: "ended with status \(code)")) }
        } else {
            finish(id)
        }
        return read
    }

    /// Ends a program with all that it has started.
    ///
    /// One that cannot be ended, because it runs as somebody else, is left to a thread of its own.
    private static func finish(_ id: pid_t) {
        _ = kill(-id, SIGKILL)
        _ = kill(id, SIGKILL)
        var status: Int32 = 0
        for _ in 0..<25 {
            let ended = unsafe waitpid(id, &status, WNOHANG)
            if ended == id || ended == -1 && errno != EINTR { return }
            _ = poll(nil, 0, look)
        }
        Thread.detachNewThread {
            var status: Int32 = 0
            while unsafe waitpid(id, &status, 0) == -1, errno == EINTR {}
        }
    }

    private static func readAll(_ source: Int32, isOver: () -> Bool) -> Result<[UInt8], Fault> {
        var output: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while true {
            guard !isOver() else { return .failure(Fault(text: "does not end in time")) }
            var wait = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&wait, 1, look)
            if ready == 0 || ready == -1 && errno == EINTR { continue }
            let count = unsafe read(source, &part, part.count)
            if count == -1, errno == EINTR { continue }
            guard count >= 0 else { return .failure(Fault(text: "cannot be read")) }
            if count == 0 { return .success(output) }
            output += part[..<count]
            guard output.count <= maxBytes else { return .failure(Fault(text: "prints too much")) }
        }
    }

    /// Starts it in a process group of its own, with nothing to read and nothing of ours open.
    private static func start(_ words: [String], output: Int32) -> pid_t? {
        guard let name = words.first else { return nil }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        var usual = sigset_t()
        unsafe sigemptyset(&usual)
        unsafe posix_spawnattr_setsigmask(&attributes, &usual)
        unsafe sigaddset(&usual, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
        var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        #if canImport(Darwin)
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            // One that has been closed since is passed over.
            if let open = Int32(name), open > 2 { unsafe posix_spawn_file_actions_addclose(&actions, open) }
        }
        #endif
        unsafe posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) }
        defer { unsafe arguments.forEach { unsafe free($0) } }
        unsafe arguments.append(nil)
        var id: pid_t = 0
        guard unsafe posix_spawnp(&id, name, &actions, &attributes, arguments, environ) == 0 else { return nil }
        return id
    }

    /// Replaces a file whole, so that only its owner may read it.
    static func write(_ bytes: [UInt8], to path: String) {
        let fresh = "\(path).\(UInt32.random(in: .min ... .max))"
        guard
            FileManager.default.createFile(atPath: fresh, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        else { return }
        if unsafe rename(fresh, path) != 0 { _ = unsafe unlink(fresh) }
    }
}

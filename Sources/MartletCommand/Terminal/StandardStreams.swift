#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#endif

/// Nobody reads stdout or stderr any more, as after `| head`: the command ends without a word.
struct OutputClosed: Error {
    /// 128 and the number of SIGPIPE, as shells show it.
    let exitCode: Int32 = 141
}

extension Console {
    /// The process's own streams.
    static let standard = Console(
        environment: ProcessInfo.processInfo.environment,
        outputIsTerminal: isatty(1) == 1,
        errorIsTerminal: isatty(2) == 1,
        writeOutput: { try StandardStreams.write($0, to: 1) },
        writeError: { try StandardStreams.write($0, to: 2) },
        readInput: { isatty(0) == 1 ? nil : try StandardStreams.readAll() }
    )
}

/// Reads and writes the standard streams without a buffer, so that every token is seen when it comes.
enum StandardStreams {
    /// More input than this is refused: 64 MiB.
    static let inputLimit = 64 << 20

    /// Writes all bytes.
    ///
    /// - Throws: `OutputClosed`, or a `CommandFailure` when the write fails otherwise.
    static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes[start...].withUnsafeBytes { part in
                unsafe systemWrite(descriptor, part.baseAddress, part.count)
            }
            if written >= 0 {
                start += written
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            } else if errno == EPIPE {
                throw OutputClosed()
            } else if errno != EINTR {
                throw CommandFailure(.failed, "cannot write the output: \(unsafe String(cString: strerror(errno)))")
            }
        }
    }

    /// Reads stdin to its end; `nil` when it is closed.
    static func readAll() throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes += buffer[..<count]
                guard bytes.count <= inputLimit else {
                    throw CommandFailure(.usage, "stdin has more than \(inputLimit >> 20) MiB")
                }
            } else if count == 0 {
                return bytes
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            } else if errno == EBADF || errno == EINVAL {
                // Closed at the start, the number may since have been given to something that cannot be read.
                return nil
            } else if errno != EINTR {
                throw CommandFailure(.failed, "cannot read stdin: \(unsafe String(cString: strerror(errno)))")
            }
        }
    }
}

/// `write(2)` under a name that no method hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

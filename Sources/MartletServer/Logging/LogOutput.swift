import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Where log lines go; used by one thread at a time.
protocol LogOutput: Sendable {
    /// Writes whole lines; answers whether all of them were written.
    func write(_ lines: [UInt8]) -> Bool
    /// Opens the file anew.
    func reopen()
    /// Closes the file.
    func close()
}

/// Appends to a file, or to standard error.
final class FileLogOutput: LogOutput {
    private let path: String?
    private let descriptor: Mutex<Int32?>

    /// Opens the output.
    ///
    /// - Parameter path: The file, made with mode 0600 when missing; `nil` is standard error.
    init(path: String?) {
        self.path = path
        descriptor = Mutex(Self.open(path))
    }

    func write(_ lines: [UInt8]) -> Bool {
        descriptor.withLock { descriptor in
            if descriptor == nil { descriptor = Self.open(path) }
            guard let descriptor else { return false }
            return Self.write(lines, to: descriptor)
        }
    }

    func reopen() {
        close()
        descriptor.withLock { $0 = Self.open(path) }
    }

    func close() {
        guard path != nil else { return }
        descriptor.withLock { descriptor in
            if let open = descriptor { _ = Self.closeFile(open) }
            descriptor = nil
        }
    }

    private static func open(_ path: String?) -> Int32? {
        guard let path else { return STDERR_FILENO }
        let descriptor = openFile(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        return descriptor >= 0 ? descriptor : nil
    }

    private static func write(_ lines: [UInt8], to descriptor: Int32) -> Bool {
        unsafe lines.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = unsafe writeFile(descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    // The C functions by names that the methods above do not hide.
    private static func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
        #if canImport(Glibc)
        unsafe Glibc.open(path, flags, mode)
        #else
        unsafe Darwin.open(path, flags, mode)
        #endif
    }

    private static func writeFile(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #else
        unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private static func closeFile(_ descriptor: Int32) -> Int32 {
        #if canImport(Glibc)
        Glibc.close(descriptor)
        #else
        Darwin.close(descriptor)
        #endif
    }
}

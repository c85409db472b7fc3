#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The file operations of the spool, behind a seam so that tests can make any of them fail.
protocol SpoolFiles: Sendable {
    /// Creates a file that must not exist yet (mode 0600) and allocates `bytes` on disk for it.
    func create(_ path: String, bytes: Int) throws(SystemFailure) -> CInt
    /// Creates an empty file that must not exist yet (mode 0600).
    func createEmpty(_ path: String) throws(SystemFailure) -> CInt
    /// Opens an existing file for reading and writing.
    func open(_ path: String) throws(SystemFailure) -> CInt
    /// Tells the size of an open file in bytes.
    func size(of descriptor: CInt) throws(SystemFailure) -> Int
    /// Writes all bytes at an offset.
    func write(_ bytes: Span<UInt8>, to descriptor: CInt, at offset: Int) throws(SystemFailure)
    /// Reads up to `count` bytes at an offset; fewer only at the end of the file.
    func read(_ descriptor: CInt, at offset: Int, count: Int) throws(SystemFailure) -> [UInt8]
    /// Brings the data of an open file to stable storage.
    func sync(_ descriptor: CInt) throws(SystemFailure)
    /// Brings the names in a directory to stable storage.
    func syncDirectory(_ path: String) throws(SystemFailure)
    /// Closes a file.
    func close(_ descriptor: CInt)
    /// Removes a file.
    func remove(_ path: String) throws(SystemFailure)
    /// Lists the names in a directory.
    func list(_ path: String) throws(SystemFailure) -> [String]
    /// Creates a directory (mode 0700) unless it exists.
    func makeDirectory(_ path: String) throws(SystemFailure)
    /// Opens or creates a file and takes its exclusive lock; fails with `EWOULDBLOCK` when another process holds it.
    func lock(_ path: String) throws(SystemFailure) -> CInt
}

/// The operating system's files.
struct DiskFiles: SpoolFiles {
    func createEmpty(_ path: String) throws(SystemFailure) -> CInt {
        try systemCall("open \(path)") { openFile(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    }

    func create(_ path: String, bytes: Int) throws(SystemFailure) -> CInt {
        let descriptor = try createEmpty(path)
        do throws(SystemFailure) {
            try allocate(descriptor, bytes: bytes)
        } catch {
            close(descriptor)
            try? remove(path)
            throw error
        }
        return descriptor
    }

    private func allocate(_ descriptor: CInt, bytes: Int) throws(SystemFailure) {
        #if canImport(Glibc)
        // Answers the error number itself instead of setting errno.
        let code = posix_fallocate(descriptor, 0, off_t(bytes))
        if code != 0 { throw SystemFailure(call: "posix_fallocate", code: code) }
        #else
        // Darwin has no posix_fallocate; F_PREALLOCATE is advisory, so a full disk may show at the write instead.
        _ = try systemCall("ftruncate") { ftruncate(descriptor, off_t(bytes)) }
        #endif
    }

    func open(_ path: String) throws(SystemFailure) -> CInt {
        try systemCall("open \(path)") { openFile(path, O_RDWR | O_CLOEXEC, 0) }
    }

    func size(of descriptor: CInt) throws(SystemFailure) -> Int {
        Int(try systemCall("lseek") { lseek(descriptor, 0, SEEK_END) })
    }

    func write(_ bytes: Span<UInt8>, to descriptor: CInt, at offset: Int) throws(SystemFailure) {
        var done = 0
        while done < bytes.count {
            let written = try systemCall("pwrite") {
                unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                    return unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
                }
            }
            if written == 0 { throw SystemFailure(call: "pwrite", code: ENOSPC) }
            done += written
        }
    }

    func read(_ descriptor: CInt, at offset: Int, count: Int) throws(SystemFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = try systemCall("pread") {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                    return unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
                }
            }
            if read == 0 { break }
            done += read
        }
        if done < count { bytes.removeLast(count - done) }
        return bytes
    }

    func sync(_ descriptor: CInt) throws(SystemFailure) {
        #if canImport(Glibc)
        _ = try systemCall("fdatasync") { fdatasync(descriptor) }
        #else
        // Darwin's fsync leaves data in the drive's cache; F_FULLFSYNC does not (fsync(2) on macOS).
        _ = try systemCall("fcntl F_FULLFSYNC") { fcntl(descriptor, F_FULLFSYNC) }
        #endif
    }

    func syncDirectory(_ path: String) throws(SystemFailure) {
        let descriptor = try systemCall("open \(path)") { openFile(path, O_RDONLY | O_CLOEXEC, 0) }
        defer { close(descriptor) }
        _ = try systemCall("fsync") { fsync(descriptor) }
    }

    func close(_ descriptor: CInt) {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    func remove(_ path: String) throws(SystemFailure) {
        _ = try systemCall("unlink \(path)") { unsafe unlink(path) }
    }

    func list(_ path: String) throws(SystemFailure) -> [String] {
        guard let directory = unsafe opendir(path) else { throw SystemFailure(call: "opendir \(path)", code: errno) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    func makeDirectory(_ path: String) throws(SystemFailure) {
        do throws(SystemFailure) {
            _ = try systemCall("mkdir \(path)") { unsafe mkdir(path, 0o700) }
        } catch {
            if error.code != EEXIST { throw error }
        }
    }

    func lock(_ path: String) throws(SystemFailure) -> CInt {
        let descriptor = try systemCall("open \(path)") { openFile(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        do throws(SystemFailure) {
            _ = try systemCall("flock") { flock(descriptor, LOCK_EX | LOCK_NB) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }
}

/// `open(2)` under a name that no method hides.
private func openFile(_ path: String, _ flags: CInt, _ mode: mode_t) -> CInt {
    #if canImport(Glibc)
    unsafe Glibc.open(path, flags, mode)
    #else
    unsafe Darwin.open(path, flags, mode)
    #endif
}

/// A file without a name: it is gone with its last owner, also when the process dies.
public final class UnlinkedFile: Sendable {
    private let files: any SpoolFiles
    private let descriptor: CInt

    /// Creates an empty file (mode 0600) in a directory, and takes its name away.
    ///
    /// - Throws: ``SystemFailure``.
    public convenience init(in directory: String) throws(SystemFailure) {
        try self.init(in: directory, name: Self.name(), DiskFiles())
    }

    init(in directory: String, name: String, _ files: any SpoolFiles) throws(SystemFailure) {
        self.files = files
        let path = "\(directory)/\(name)"
        descriptor = try files.createEmpty(path)
        do throws(SystemFailure) {
            try files.remove(path)
        } catch {
            files.close(descriptor)
            throw error
        }
    }

    deinit { files.close(descriptor) }

    private static func name() -> String { "upload-\(UInt64.random(in: 0 ... .max))" }

    /// Writes all bytes at an offset.
    ///
    /// - Throws: ``SystemFailure``, on a full disk above all.
    public func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemFailure) {
        try files.write(bytes, to: descriptor, at: offset)
    }

    /// Reads up to `count` bytes at an offset; fewer only at the end.
    ///
    /// - Throws: ``SystemFailure``.
    public func read(at offset: Int, count: Int) throws(SystemFailure) -> [UInt8] {
        try files.read(descriptor, at: offset, count: count)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The secret that gateway keys are hashed with, kept outside the database.
public struct Pepper: Sendable {
    /// 32 random bytes.
    let bytes: [UInt8]

    /// Reads the pepper of a data directory; makes it at first use.
    ///
    /// - Throws: `.pepperExposed` when group or others have any right on the file; `.pepperMalformed` when it does not hold 64
    ///   hexadecimal digits; `.system`.
    public init(_ directory: DataDirectory) throws(StoreError) {
        let path = directory.pepperPath
        let (mode, text) = try Self.contents(path)
        guard mode & 0o077 == 0 else { throw .pepperExposed(path: path, mode: mode) }
        guard let bytes = Self.parse(text) else { throw .pepperMalformed(path: path) }
        self.bytes = bytes
    }

    /// Wraps a pepper.
    init(bytes: [UInt8]) { self.bytes = bytes }

    private static func contents(_ path: String) throws(StoreError) -> (mode: UInt32, text: [UInt8]) {
        let files = DiskFiles()
        do throws(SystemFailure) {
            if unsafe access(path, F_OK) != 0 { try make(at: path, files: files) }
            let descriptor = try files.open(path)
            defer { files.close(descriptor) }
            var facts = stat()
            _ = try systemCall("fstat \(path)") { unsafe fstat(descriptor, &facts) }
            return (UInt32(facts.st_mode) & 0o777, try files.read(descriptor, at: 0, count: 128))
        } catch {
            throw .system(error)
        }
    }

    /// Writes a new pepper beside the path and links it there, so that of two processes that start at once one wins and
    /// neither reads half a file.
    private static func make(at path: String, files: DiskFiles) throws(SystemFailure) {
        var random = SystemRandomNumberGenerator()
        var text: [UInt8] = []
        for _ in 0..<64 { text.append(Array("0123456789abcdef".utf8)[Int.random(in: 0..<16, using: &random)]) }
        text.append(UInt8(ascii: "\n"))
        let draft = path + "." + String(UInt64.random(in: 0...UInt64.max, using: &random), radix: 36)
        let descriptor = try files.create(draft, bytes: text.count)
        defer {
            files.close(descriptor)
            try? files.remove(draft)
        }
        try files.write(text.span, to: descriptor, at: 0)
        try files.sync(descriptor)
        if unsafe link(draft, path) != 0, errno != EEXIST { throw SystemFailure(call: "link \(path)", code: errno) }
    }

    private static func parse(_ text: [UInt8]) -> [UInt8]? {
        let digits = text.last == UInt8(ascii: "\n") ? text.dropLast() : text[...]
        guard digits.count == 64 else { return nil }
        let nibbles = digits.compactMap { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard nibbles.count == 64 else { return nil }
        return (0..<32).map { nibbles[2 * $0] << 4 | nibbles[2 * $0 + 1] }
    }
}

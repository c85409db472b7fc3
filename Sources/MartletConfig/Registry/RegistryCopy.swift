/// The copy of a fetched registry in the data directory: the file as it came, behind comment lines that say where from.
public struct RegistryCopy: Sendable, Hashable {
    /// The address it was fetched from.
    public var url: String
    /// What the server calls this version (`ETag`, RFC 9110 §8.8.3), when it said so.
    public var tag: String?
    /// When it was fetched or last found unchanged, in seconds since 1970.
    public var fetchedAt: Int64
    /// The file.
    public var body: [UInt8]

    /// Creates a copy.
    public init(url: String, tag: String?, fetchedAt: Int64, body: [UInt8]) {
        self.url = url
        self.tag = tag
        self.fetchedAt = fetchedAt
        self.body = body
    }

    private static let mark = "# martlet registry copy 1"

    /// Reads a copy; `nil` when the bytes are none.
    public init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        func line() -> String? {
            guard let end = rest.prefix(16_384).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return String(validating: rest[..<end], as: UTF8.self)
        }
        func value(_ name: String) -> String? {
            guard let line = line(), line.hasPrefix("# \(name): ") else { return nil }
            return String(line.dropFirst(name.count + 4))
        }
        guard line() == Self.mark, let url = value("url"), let tag = value("etag"),
            let fetchedAt = value("fetched").flatMap({ Int64($0) })
        else { return nil }
        self.init(url: url, tag: tag.isEmpty ? nil : tag, fetchedAt: fetchedAt, body: Array(rest))
    }

    /// The bytes of the copy.
    public var bytes: [UInt8] {
        // Neither holds a line break: an address is checked before it is fetched, and a field of HTTP cannot.
        let tag = tag.map { $0.utf8.contains { $0 < 0x20 } ? "" : $0 } ?? ""
        return Array("\(Self.mark)\n# url: \(url)\n# etag: \(tag)\n# fetched: \(fetchedAt)\n".utf8) + body
    }
}

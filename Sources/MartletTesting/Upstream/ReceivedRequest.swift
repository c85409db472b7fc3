/// A request as a scripted upstream received it.
public struct ReceivedRequest: Sendable, Hashable {
    /// The number of its connection, counted from 0 in the order of acceptance.
    public var connection: Int
    /// Its place on the connection, counted from 0.
    public var index: Int
    /// The head's bytes, with the empty line that ends it.
    public var head: [UInt8]
    /// The body's bytes.
    public var body: [UInt8]

    /// Describes a request.
    public init(connection: Int, index: Int, head: [UInt8], body: [UInt8]) {
        (self.connection, self.index, self.head, self.body) = (connection, index, head, body)
    }

    /// The request line.
    public var requestLine: String { lines.first ?? "" }

    /// The field lines, in order: names as sent, values trimmed.
    public var fields: [(name: String, value: String)] { lines.dropFirst().compactMap(Self.field) }

    /// The values of all fields of a name, whatever its case.
    public func values(of name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of the body's first `model` member, read without a JSON parser.
    public var model: String { Self.string(after: "\"model\"", in: body) ?? "" }

    /// Whether the body asks for a stream, read without a JSON parser.
    public var wantsStream: Bool { Self.value(after: "\"stream\"", in: body)?.starts(with: "true".utf8) ?? false }

    private var lines: [String] {
        String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
    }

    static func field(_ line: String) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        return (String(line[..<colon]), String(value))
    }

    private static func value(after key: String, in body: [UInt8]) -> ArraySlice<UInt8>? {
        var rest = body[...]
        while let found = rest.firstRange(of: Array(key.utf8)) {
            rest = rest[found.upperBound...].drop { $0 == 0x20 || $0 == 0x0A }
            if rest.first == UInt8(ascii: ":") { return rest.dropFirst().drop { $0 == 0x20 || $0 == 0x0A } }
        }
        return nil
    }

    private static func string(after key: String, in body: [UInt8]) -> String? {
        guard let value = value(after: key, in: body), value.first == UInt8(ascii: "\"") else { return nil }
        return String(decoding: value.dropFirst().prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }
}

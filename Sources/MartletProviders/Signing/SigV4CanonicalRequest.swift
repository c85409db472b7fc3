/// The canonical form of a request that AWS Signature Version 4 signs.
///
/// Source: AWS, "Create a signed AWS API request" (read November 2026), as botocore 1.44 does it for all services but S3:
/// the path is encoded once more as it stands on the wire, empty and dot segments are taken out, and the query is sorted
/// but not encoded anew.
public struct SigV4CanonicalRequest: Sendable, Hashable {
    /// The lines, joined by line feeds.
    public let bytes: [UInt8]
    /// The names of the fields that are signed, joined by semicolons.
    public let signedNames: [UInt8]

    /// A request field.
    public struct Field: Sendable, Hashable {
        /// The name, in lower case.
        public var name: String
        /// The value, as it is sent.
        public var value: String

        /// Creates a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Fields that intermediaries may change or that are written after signing.
    private static let unsigned: Set = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    /// Brings a request into canonical form.
    ///
    /// - Parameters:
    ///   - method: The method token.
    ///   - target: Path and query as they stand on the request line, in origin form.
    ///   - fields: The fields that are sent; those that must not be signed are passed over.
    ///   - payloadHash: The SHA-256 of the body, in lower-case hexadecimal digits.
    public init(method: String, target: String, fields: [Field], payloadHash: [UInt8]) {
        let target = Array(target.utf8)
        let isPlain = fields.allSatisfy { Self.isPlain($0.value) }
        let signed = isPlain ? Self.sorted(fields) : Self.sorted(fields.map { Field($0.name, Self.trimmed($0.value)) })
        var names: [UInt8] = []
        var lines: [UInt8] = []
        let size = signed.reduce(96) { $0 + 2 * $1.name.utf8.count + $1.value.utf8.count + 3 }
        lines.reserveCapacity(target.count + target.count / 4 + size)
        lines += method.utf8
        lines.append(Self.lineFeed)
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        Self.appendPath(target[..<mark], to: &lines)
        lines.append(Self.lineFeed)
        Self.appendQuery(target[mark...].dropFirst(), to: &lines)
        lines.append(Self.lineFeed)
        var last: String?
        for field in signed {
            if field.name == last {
                // Values of one name are one list.
                lines[lines.count - 1] = UInt8(ascii: ",")
            } else {
                lines += field.name.utf8
                lines.append(UInt8(ascii: ":"))
                if !names.isEmpty { names.append(UInt8(ascii: ";")) }
                names += field.name.utf8
                last = field.name
            }
            lines += field.value.utf8
            lines.append(Self.lineFeed)
        }
        lines.append(Self.lineFeed)
        lines += names
        lines.append(Self.lineFeed)
        lines += payloadHash
        bytes = lines
        signedNames = names
    }

    private static let lineFeed = UInt8(ascii: "\n")

    // MARK: Fields

    /// The fields that are signed, in the order of their names' bytes; those of one name keep theirs.
    private static func sorted(_ fields: [Field]) -> [Field] {
        // Insertion sort: there are four to eight of them, and it is stable.
        var sorted: [Field] = []
        sorted.reserveCapacity(fields.count)
        for field in fields where !unsigned.contains(field.name) {
            var place = sorted.count
            while place > 0, field.name.utf8.lexicographicallyPrecedes(sorted[place - 1].name.utf8) { place -= 1 }
            sorted.insert(field, at: place)
        }
        return sorted
    }

    /// Whether a value is its own canonical form.
    private static func isPlain(_ value: String) -> Bool {
        var wasBlank = true
        for byte in value.utf8 {
            let isBlank = isBlank(byte)
            if isBlank, wasBlank || byte != UInt8(ascii: " ") { return false }
            wasBlank = isBlank
        }
        return !wasBlank || value.isEmpty
    }

    /// A value without outer blanks, each run of inner ones being one space.
    private static func trimmed(_ value: String) -> String {
        let words = value.utf8.split { isBlank($0) }
        return words.map { String(Substring($0)) }.joined(separator: " ")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    // MARK: Path and query

    /// Appends the path without empty and dot segments, encoded once more.
    private static func appendPath(_ path: ArraySlice<UInt8>, to lines: inout [UInt8]) {
        let slash = UInt8(ascii: "/")
        let start = lines.count
        // Where each segment that is kept begins, so that `..` can take one back.
        var begins: [Int] = []
        for segment in path.split(separator: slash) {
            if segment.elementsEqual(".".utf8) { continue }
            if segment.elementsEqual("..".utf8) {
                if let begin = begins.popLast() { lines.removeSubrange(begin...) }
                continue
            }
            begins.append(lines.count)
            lines.append(slash)
            for byte in segment { appendEncoded(byte, to: &lines) }
        }
        if lines.count == start || path.last == slash { lines.append(slash) }
    }

    private static func appendEncoded(_ byte: UInt8, to lines: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            lines.append(byte)
        default:
            lines.append(UInt8(ascii: "%"))
            lines.append(upperHex(byte >> 4))
            lines.append(upperHex(byte & 15))
        }
    }

    private static func upperHex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }

    /// Appends the parts of the query in the order of their keys, then of their values; each with its `=`.
    private static func appendQuery(_ query: ArraySlice<UInt8>, to lines: inout [UInt8]) {
        guard !query.isEmpty else { return }
        let equals = UInt8(ascii: "=")
        var parts: [(key: [UInt8], value: [UInt8])] = []
        for part in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let mark = part.firstIndex(of: equals) ?? part.endIndex
            parts.append((Array(part[..<mark]), Array(part[mark...].dropFirst())))
        }
        parts.sort { left, right in
            left.key == right.key
                ? left.value.lexicographicallyPrecedes(right.value) : left.key.lexicographicallyPrecedes(right.key)
        }
        for (index, part) in parts.enumerated() {
            if index > 0 { lines.append(UInt8(ascii: "&")) }
            lines += part.key
            lines.append(equals)
            lines += part.value
        }
    }
}

/// Scans TOML bytes into ``TOMLPositions``; total on any input, in linear time, with bounded depth and memory.
struct TOMLScanner {
    /// The positions of everything found; the root stands at 1:1.
    private(set) var root = TOMLPositions(position: .init(line: 1, column: 1))
    /// Header parts that stand unquoted although they hold a slash (`[aliases.reasoning/cheapest]`).
    private(set) var unquotedNames: [UnquotedName] = []
    /// Where nesting went past ``maxDepth``; such a document must not be given to a recursive parser.
    private(set) var tooDeep: TOMLPositions.Position?
    /// The first place where a key or a value must begin and none does.
    ///
    /// The library (toml++ 3) checks some of these places with assertions, which would end the process; such a document
    /// must not reach it.
    private(set) var fault: Fault?

    /// A header part that needs quotes.
    struct UnquotedName {
        /// Its bytes in the document.
        var range: Range<Int>
        var position: TOMLPositions.Position
    }

    /// A place where something else must stand.
    struct Fault {
        var position: TOMLPositions.Position
        var message: String
    }

    /// Parts of a dotted key, and levels of arrays and inline tables.
    static let maxDepth = 64
    /// Nodes of keys and elements kept; positions after that fall back to those of their parent.
    static let maxNodes = 400_000

    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var columnMark = (at: 0, column: 1)
    private var nodes = 0
    private var table: TOMLPositions

    private struct Key {
        var name: [UInt8]
        var position: TOMLPositions.Position
        var range: Range<Int>
        var isBare: Bool
    }

    /// Scans a document.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        table = root
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            at = 3
            columnMark = (3, 1)
        }
        scanDocument()
    }

    /// The document with the unquoted names quoted, for a parser that insists on it.
    func quotingNames() -> [UInt8] {
        guard !unquotedNames.isEmpty else { return bytes }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + 2 * unquotedNames.count)
        var from = 0
        for name in unquotedNames {
            out += bytes[from..<name.range.lowerBound]
            out.append(UInt8(ascii: "\""))
            out += bytes[name.range]
            out.append(UInt8(ascii: "\""))
            from = name.range.upperBound
        }
        out += bytes[from...]
        return out
    }

    // MARK: Lines

    private mutating func scanDocument() {
        while at < bytes.count {
            skipBlank()
            guard let byte = peek else { return }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "#"): break
            case UInt8(ascii: "["): scanHeader()
            default: scanPair(in: table, depth: 0)
            }
            skipLine()
        }
    }

    private mutating func scanHeader() {
        let isArray = at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "[")
        at += isArray ? 2 : 1
        let parts = scanKey()
        guard let last = parts.last, peek == UInt8(ascii: "]") else { return }
        if parts.first?.name == Array("aliases".utf8) {
            for part in parts where part.isBare && part.name.contains(UInt8(ascii: "/")) {
                unquotedNames.append(UnquotedName(range: part.range, position: part.position))
            }
        }
        var node = root
        for part in parts.dropLast() {
            node = node.childOrNew(part.name, at: part.position)
            node = node.elements.last ?? node
            nodes += 1
        }
        node = node.childOrNew(last.name, at: last.position)
        nodes += 1
        if isArray, nodes < Self.maxNodes {
            nodes += 1
            table = node.append(at: last.position)
        } else {
            table = node.elements.last ?? node
        }
    }

    /// Scans `key = value`.
    private mutating func scanPair(in parent: TOMLPositions, depth: Int) {
        let parts = scanKey()
        guard !parts.isEmpty, peek == UInt8(ascii: "=") else { return }
        at += 1
        if depth + parts.count > Self.maxDepth {
            noteDepth()
            return
        }
        var node = parent
        for part in parts {
            guard nodes < Self.maxNodes else { break }
            nodes += 1
            node = node.childOrNew(part.name, at: part.position)
        }
        skipBlank()
        scanValue(into: node, depth: depth + parts.count)
    }

    // MARK: Keys

    /// Scans a dotted key and the blanks after it; empty when no key stands here.
    private mutating func scanKey() -> [Key] {
        var parts: [Key] = []
        while true {
            skipBlank()
            guard let byte = peek, Self.beginsKey(byte) else {
                note("a key is expected: letters, digits, _ or -, or a string in quotes")
                return []
            }
            let position = position()
            let start = at
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard let name = scanQuotedKey(byte) else { return [] }
                parts.append(Key(name: name, position: position, range: start..<at, isBare: false))
            default:
                while let next = peek, !Self.endsBareKey(next) { at += 1 }
                guard at > start else { return [] }
                parts.append(Key(name: Array(bytes[start..<at]), position: position, range: start..<at, isBare: true))
            }
            if parts.count > Self.maxDepth {
                noteDepth()
                return []
            }
            skipBlank()
            guard peek == UInt8(ascii: ".") else { return parts }
            at += 1
        }
    }

    /// Whether a byte begins a key of TOML 1.0: a bare one or a quoted one.
    private static func beginsKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "\""),
            UInt8(ascii: "'"):
            true
        default: false
        }
    }

    private static func endsBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x20, UInt8(ascii: "."), UInt8(ascii: "="), UInt8(ascii: "]"), UInt8(ascii: "["),
            UInt8(ascii: ","), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "#"), UInt8(ascii: "\""),
            UInt8(ascii: "'"):
            true
        default: false
        }
    }

    private mutating func scanQuotedKey(_ quote: UInt8) -> [UInt8]? {
        at += 1
        var name: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\n") {
            at += 1
            if byte == quote { return name }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                guard scanEscape(into: &name) else { return nil }
            } else {
                name.append(byte)
            }
        }
        return nil
    }

    /// Decodes an escape of a basic string (TOML 1.0, "String"); false when it is none.
    private mutating func scanEscape(into name: inout [UInt8]) -> Bool {
        guard let byte = peek else { return false }
        at += 1
        switch byte {
        case UInt8(ascii: "b"): name.append(0x08)
        case UInt8(ascii: "t"): name.append(0x09)
        case UInt8(ascii: "n"): name.append(0x0A)
        case UInt8(ascii: "f"): name.append(0x0C)
        case UInt8(ascii: "r"): name.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): name.append(byte)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = byte == UInt8(ascii: "u") ? 4 : 8
            guard at + count <= bytes.count,
                let text = String(validating: bytes[at..<at + count], as: UTF8.self),
                text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value)
            else { return false }
            at += count
            name += Array(String(Character(scalar)).utf8)
        default: return false
        }
        return true
    }

    // MARK: Values

    private mutating func scanValue(into node: TOMLPositions, depth: Int) {
        guard let byte = peek, Self.beginsValue(byte) else {
            note("a value is expected")
            return
        }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
        case UInt8(ascii: "["): scanArray(into: node, depth: depth + 1)
        case UInt8(ascii: "{"): scanInlineTable(into: node, depth: depth + 1)
        default:
            scanScalar()
        }
    }

    /// Scans a number, a boolean or a date: one word.
    ///
    /// A date with a blank before its time is refused: no setting is a date, and the library's look-ahead behind that
    /// blank can end in an assertion.
    private mutating func scanScalar() {
        while let byte = peek, Self.isScalarByte(byte) { at += 1 }
        skipBlank()
        guard let byte = peek, !Self.endsScalar(byte) else { return }
        note("unexpected text after a value")
        while let next = peek, !Self.endsScalar(next) { at += 1 }
    }

    private static func isScalarByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: false
        }
    }

    /// Whether a byte begins a string, an array, an inline table, or a word of letters, digits and signs.
    private static func beginsValue(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "+"), UInt8(ascii: "."): true
        default: beginsKey(byte)
        }
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
            || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\n")
    }

    private mutating func scanArray(into node: TOMLPositions, depth: Int) {
        guard depth <= Self.maxDepth else { return noteDepth() }
        at += 1
        while true {
            skipBlankLinesAndComments()
            guard let byte = peek else { return }
            if byte == UInt8(ascii: "]") {
                at += 1
                return
            }
            let before = at
            var element = node
            if nodes < Self.maxNodes {
                nodes += 1
                element = node.append(at: position())
            }
            scanValue(into: element, depth: depth)
            skipBlankLinesAndComments()
            if peek == UInt8(ascii: ",") { at += 1 }
            // Something that is no value (a stray brace): leave the array, the parser will say what is wrong.
            if at == before || tooDeep != nil { return }
        }
    }

    private mutating func scanInlineTable(into node: TOMLPositions, depth: Int) {
        guard depth <= Self.maxDepth else { return noteDepth() }
        at += 1
        while true {
            skipBlankLinesAndComments()
            guard let byte = peek else { return }
            if byte == UInt8(ascii: "}") {
                at += 1
                return
            }
            let before = at
            scanPair(in: node, depth: depth)
            skipBlankLinesAndComments()
            if peek == UInt8(ascii: ",") { at += 1 }
            if at == before || tooDeep != nil { return }
        }
    }

    private mutating func skipString(_ quote: UInt8) {
        let isMultiLine = at + 2 < bytes.count && bytes[at + 1] == quote && bytes[at + 2] == quote
        at += isMultiLine ? 3 : 1
        while let byte = peek {
            if byte == UInt8(ascii: "\n") {
                guard isMultiLine else { return }
                newline()
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                at += 1
                if let next = peek, next != UInt8(ascii: "\n") { at += 1 }
            } else if byte == quote {
                at += 1
                guard isMultiLine else { return }
                guard at + 1 < bytes.count, bytes[at] == quote, bytes[at + 1] == quote else { continue }
                at += 2
                // Up to two quotes may stand before the closing three.
                for _ in 0..<2 where peek == quote { at += 1 }
                return
            } else {
                at += 1
            }
        }
    }

    // MARK: Moving on

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func position() -> TOMLPositions.Position {
        var column = columnMark.column
        for byte in bytes[columnMark.at..<at] where byte & 0xC0 != 0x80 { column += 1 }
        columnMark = (at, column)
        return .init(line: line, column: column)
    }

    private mutating func note(_ message: String) {
        if fault == nil { fault = Fault(position: position(), message: message) }
    }

    private mutating func noteDepth() {
        if tooDeep == nil { tooDeep = position() }
    }

    private mutating func newline() {
        at += 1
        line += 1
        columnMark = (at, 1)
    }

    private mutating func skipBlank() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || isLineEnd(byte) { at += 1 }
    }

    /// Whether a byte is the first of CR LF; a lone CR is no blank (TOML 1.0, "Spec").
    private func isLineEnd(_ byte: UInt8) -> Bool {
        byte == 0x0D && at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "\n")
    }

    private mutating func skipBlankLinesAndComments() {
        while let byte = peek {
            switch byte {
            case 0x20, 0x09: at += 1
            case 0x0D where isLineEnd(byte): at += 1
            case UInt8(ascii: "\n"): newline()
            case UInt8(ascii: "#"):
                while let next = peek, next != UInt8(ascii: "\n") { at += 1 }
            default: return
            }
        }
    }

    private mutating func skipLine() {
        while let byte = peek, byte != UInt8(ascii: "\n") { at += 1 }
        if peek != nil { newline() }
    }
}

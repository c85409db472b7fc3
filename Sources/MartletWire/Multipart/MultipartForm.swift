/// The fields of a `multipart/form-data` body, as places in it (RFC 7578).
public struct MultipartForm: Sendable, Hashable {
    /// The fields, in order.
    public private(set) var fields: [Field] = []

    /// One field of a form.
    public struct Field: Sendable, Hashable {
        /// The field's name, unescaped.
        public var name: String
        /// Whether it has a file name, so that its value is a file.
        public var isFile: Bool
        /// The bytes of its value.
        public var value: Range<Int>
    }

    /// Why a body is no form.
    public enum FormError: Error, Sendable, Hashable {
        /// The media type names no boundary that RFC 2046 §5.1.1 allows.
        case noBoundary
        /// A part does not end, or its head is no head.
        case malformed
        /// There are more than 256 fields.
        case tooManyFields
    }

    /// Reads a whole body.
    ///
    /// - Parameters:
    ///   - body: The body.
    ///   - contentType: The value of `Content-Type`, parameters included.
    /// - Throws: ``FormError``.
    /// - Complexity: O(bytes); copies names only.
    public init(_ body: Span<UInt8>, contentType: String) throws(FormError) {
        guard let boundary = Self.boundary(of: contentType) else { throw .noBoundary }
        let delimiter = Array("\r\n--".utf8) + boundary
        // The first delimiter needs no line break before it.
        var position: Int
        if Self.matches(body, 0, delimiter[2...]) {
            position = delimiter.count - 2
        } else {
            guard let first = Self.find(delimiter[...], in: body, from: 0) else { throw .malformed }
            position = first + delimiter.count
        }
        while true {
            if Self.matches(body, position, [0x2D, 0x2D]) { return }
            position = Self.spaceEnd(body, position)
            guard Self.matches(body, position, [0x0D, 0x0A]) else { throw .malformed }
            // A part without any field of a head begins with its blank line.
            let blank = Array("\r\n\r\n".utf8)
            guard let headEnd = Self.find(blank[...], in: body, from: position) else { throw .malformed }
            let value = headEnd + 4
            guard let end = Self.find(delimiter[...], in: body, from: value) ?? Self.emptyPart(body, value, delimiter)
            else { throw .malformed }
            guard fields.count < 256 else { throw .tooManyFields }
            if let field = Self.field(body, head: position..<headEnd, value: min(value, end)..<end) {
                fields.append(field)
            }
            position = end + delimiter.count
        }
    }

    /// The value of the first field of a name that is no file.
    public func value(_ name: String) -> Range<Int>? {
        fields.first { !$0.isFile && $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// An empty value ends where the blank line before it begins to be the delimiter's own line break.
    private static func emptyPart(_ body: Span<UInt8>, _ value: Int, _ delimiter: [UInt8]) -> Int? {
        matches(body, value - 2, delimiter[...]) ? value - 2 : nil
    }

    private static func field(_ body: Span<UInt8>, head: Range<Int>, value: Range<Int>) -> Field? {
        var line: [UInt8] = []
        for index in head {
            if body[index] != 0x0A && body[index] != 0x0D { line.append(body[index]) }
            let ends = body[index] == 0x0A || index == head.upperBound - 1
            guard ends, !line.isEmpty else { continue }
            defer { line.removeAll() }
            let text = String(decoding: line, as: UTF8.self)
            guard let colon = text.firstIndex(of: ":"), text[..<colon].lowercased() == "content-disposition" else {
                continue
            }
            let parameters = Self.parameters(of: text[text.index(after: colon)...])
            guard let name = parameters["name"] else { return nil }
            return Field(
                name: name,
                isFile: parameters["filename"] != nil || parameters["filename*"] != nil,
                value: value
            )
        }
        return nil
    }

    private static func boundary(of contentType: String) -> [UInt8]? {
        guard contentType.utf8.count <= 512, let text = parameters(of: contentType[...])["boundary"] else { return nil }
        let bytes = Array(text.utf8)
        return (1...70).contains(bytes.count) && bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F } ? bytes : nil
    }

    /// The parameters behind the first `;`, by lower-case name; quoted values are unescaped (RFC 9110 §5.6.6).
    private static func parameters(of text: Substring) -> [String: String] {
        var found: [String: String] = [:]
        var rest = text.unicodeScalars.drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            var value = String.UnicodeScalarView()
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let next = rest.first, next != "\"" {
                    rest = rest.dropFirst()
                    if next == "\\", let escaped = rest.first {
                        value.append(escaped)
                        rest = rest.dropFirst()
                    } else {
                        value.append(next)
                    }
                }
                rest = rest.dropFirst().drop { $0 != ";" }
            } else {
                let plain = rest.prefix { $0 != ";" }
                rest = rest.dropFirst(plain.count)
                value.append(contentsOf: plain.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
            }
            let key = String(String.UnicodeScalarView(name)).lowercased()
            if found[key] == nil { found[key] = String(value) }
        }
        return found
    }

    private static func spaceEnd(_ body: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < body.count, body[index] == 0x20 || body[index] == 0x09 { index += 1 }
        return index
    }

    private static func matches(_ body: Span<UInt8>, _ start: Int, _ bytes: ArraySlice<UInt8>) -> Bool {
        guard start >= 0, start + bytes.count <= body.count else { return false }
        for (offset, byte) in bytes.enumerated() where body[start + offset] != byte { return false }
        return true
    }

    /// Finds bytes; the first of them is rare in text and in files alike, so that plain search is quick enough.
    private static func find(_ bytes: ArraySlice<UInt8>, in body: Span<UInt8>, from start: Int) -> Int? {
        guard let first = bytes.first, body.count >= bytes.count else { return nil }
        return unsafe body.withUnsafeBytes { raw in
            var index = start
            while let place = unsafe ByteSearch.firstIndex(of: first, in: raw, from: index) {
                guard place + bytes.count <= raw.count else { return nil }
                let isHere = bytes.indices.allSatisfy { unsafe raw[place + $0 - bytes.startIndex] == bytes[$0] }
                if isHere { return place }
                index = place + 1
            }
            return nil
        }
    }
}

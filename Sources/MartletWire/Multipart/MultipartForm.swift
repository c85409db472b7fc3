/// The fields of a `multipart/form-data` body, as places in it (RFC 7578); the body may come in pieces of any size.
public struct MultipartForm: Sendable, Hashable {
    /// The fields, in order.
    public private(set) var fields: [Field] = []

    /// One field of a form.
    public struct Field: Sendable, Hashable {
        /// The field's name, unescaped.
        public var name: String
        /// The name of the file that its value is; `nil` when it is none.
        public var fileName: String?
        /// The bytes of its value.
        public var value: Range<Int>

        /// Whether it has a file name, so that its value is a file.
        public var isFile: Bool { fileName != nil }
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

    /// CR LF, two hyphens and the boundary.
    private let delimiter: [UInt8]
    /// Fields whose values are kept.
    private let wanted: [String]
    private var state = State.preamble
    /// Bytes of the body that were read and not yet decided on.
    private var rest: [UInt8] = []
    /// Where ``rest`` begins in the body.
    private var base = 0
    private var kept: [String: [UInt8]] = [:]

    /// What the next bytes are.
    private enum State: Sendable, Hashable {
        /// Text before the first delimiter.
        case preamble
        /// What follows a delimiter: its end, or the end of the form.
        case delimiter
        /// The head of a part.
        case head
        /// The value of a part that begins at a place of the body; `nil` where its head names no field.
        case value(Field?, from: Int)
        /// Text behind the form.
        case epilogue
    }

    /// Bytes of a part's head above which it is none.
    private static let largestHead = 16 << 10
    /// Bytes of a value up to which it is kept.
    private static let largestValue = 1 << 10

    /// Prepares for a body that comes in pieces.
    ///
    /// - Parameters:
    ///   - contentType: The value of `Content-Type`, parameters included.
    ///   - wanted: The names of fields whose values are kept, as far as they are at most 1 KiB and no files.
    /// - Throws: ``FormError/noBoundary``.
    public init(contentType: String, keeping wanted: [String] = []) throws(FormError) {
        guard let boundary = Self.boundary(of: contentType) else { throw .noBoundary }
        delimiter = Array("\r\n--".utf8) + boundary
        self.wanted = wanted
    }

    /// Reads the next bytes of the body.
    ///
    /// Keeps at most a head, or a short value that is wanted, from one call to the next.
    ///
    /// - Throws: ``FormError``; a form that failed is not read on.
    /// - Complexity: O(bytes).
    public mutating func read(_ bytes: Span<UInt8>) throws(FormError) {
        guard state != .epilogue else { return }
        var window: [UInt8] = []
        swap(&window, &rest)
        unsafe bytes.withUnsafeBytes { unsafe window.append(contentsOf: $0) }
        var position = 0
        while let next = try step(window.span, from: position) { position = next }
        base += position
        window.removeFirst(position)
        swap(&window, &rest)
    }

    /// Says that the body is complete.
    ///
    /// - Throws: ``FormError/malformed`` when the form is not.
    public func finish() throws(FormError) {
        if state != .epilogue { throw .malformed }
    }

    /// The place of the value of the first field of a name that is no file.
    public func value(_ name: String) -> Range<Int>? {
        fields.first { !$0.isFile && $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The bytes of that value, where it is one that is kept.
    public func bytes(_ name: String) -> [UInt8]? { kept[name] }

    /// Goes on as far as the bytes at hand decide.
    ///
    /// - Returns: The place up to which they are decided on; `nil` when more must come first.
    private mutating func step(_ span: Span<UInt8>, from position: Int) throws(FormError) -> Int? {
        switch state {
        case .preamble:
            // The first delimiter needs no line break before it.
            if base + position == 0, Self.matches(span, position, delimiter[2...]) {
                state = .delimiter
                return position + delimiter.count - 2
            }
            if base + position == 0, span.count < delimiter.count { return nil }
            if let first = Self.find(delimiter[...], in: span, from: position) {
                state = .delimiter
                return first + delimiter.count
            }
            return undecided(span, from: position)
        case .delimiter:
            if Self.matches(span, position, [0x2D, 0x2D]) {
                state = .epilogue
                return span.count
            }
            let end = Self.spaceEnd(span, position)
            guard end + 2 <= span.count else {
                if end - position > Self.largestHead { throw .malformed }
                return nil
            }
            guard Self.matches(span, end, [0x0D, 0x0A]) else { throw .malformed }
            state = .head
            return end
        case .head:
            // A part without any field of a head begins with its blank line.
            guard let end = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: span, from: position) else {
                if span.count - position > Self.largestHead { throw .malformed }
                return nil
            }
            let value = base + end + 4
            state = .value(Self.field(span, head: position..<end, value: value..<value), from: value)
            // An empty value ends where the line break of the blank line is the delimiter's own.
            return end + 2
        case .value(let field, let start):
            guard let end = Self.find(delimiter[...], in: span, from: position) else {
                if let field, isKept(field), base + span.count - start <= Self.largestValue { return nil }
                return undecided(span, from: position)
            }
            guard fields.count < 256 else { throw .tooManyFields }
            if var field {
                // An empty value may end before the blank line of its head does.
                let last = base + end
                let first = min(start, last)
                field.value = first..<last
                if isKept(field), first >= base, last - first <= Self.largestValue, kept[field.name] == nil {
                    kept[field.name] = ((first - base)..<(last - base)).map { span[$0] }
                }
                fields.append(field)
            }
            state = .delimiter
            return end + delimiter.count
        case .epilogue:
            return nil
        }
    }

    /// The place before which no delimiter can begin that more bytes would complete.
    private func undecided(_ span: Span<UInt8>, from position: Int) -> Int? {
        let place = span.count - (delimiter.count - 1)
        return place > position ? place : nil
    }

    private func isKept(_ field: Field) -> Bool {
        !field.isFile && wanted.contains { $0.utf8.elementsEqual(field.name.utf8) }
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
                // The extended form is not for forms (RFC 7578 §4.2), yet what has it is a file.
                fileName: parameters["filename"] ?? parameters["filename*"],
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
    static func find(_ bytes: ArraySlice<UInt8>, in body: Span<UInt8>, from start: Int) -> Int? {
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

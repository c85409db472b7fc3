/// A form with one file, as the bytes around the file, so that the file may come from anywhere and in pieces (RFC 7578).
///
/// The body is ``head``, the file's bytes, ``tail``. Whoever sends the file in pieces asks a
/// ``MultipartBoundary/Watch`` about them first.
public struct MultipartUpload: Sendable, Hashable {
    /// The boundary.
    public let boundary: MultipartBoundary
    /// The bytes before the file's.
    public let head: [UInt8]
    /// The bytes behind the file's.
    public let tail: [UInt8]

    /// A value contains the boundary; another boundary helps.
    public struct BoundaryTaken: Error, Sendable, Hashable {}

    /// A field that is no file.
    public struct Field: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: String

        /// Creates a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What a form says of its file.
    public struct File: Sendable, Hashable {
        /// The field's name.
        public var name: String
        /// The file's name.
        public var fileName: String
        /// Its media type.
        public var contentType: String

        /// Creates a description.
        public init(name: String, fileName: String, contentType: String = "application/octet-stream") {
            self.name = name
            self.fileName = fileName
            self.contentType = contentType
        }
    }

    /// Writes what stands around a file: the fields before it, so that a server knows them when the file comes.
    ///
    /// - Throws: ``BoundaryTaken``.
    public init(boundary: MultipartBoundary, fields: [Field], file: File) throws(BoundaryTaken) {
        var head: [UInt8] = []
        var watch = MultipartBoundary.Watch(boundary)
        func value(_ text: String) -> [UInt8] {
            let bytes = Array(text.utf8)
            watch.read(bytes.span)
            // Values are not one text.
            watch.read([0x0D].span)
            return bytes
        }
        for field in fields {
            head += "--".utf8
            head += boundary.bytes
            head += "\r\nContent-Disposition: form-data; name=\"".utf8
            head += value(Self.quoted(field.name))
            head += "\"\r\n\r\n".utf8
            head += value(field.value)
            head += "\r\n".utf8
        }
        head += "--".utf8
        head += boundary.bytes
        head += "\r\nContent-Disposition: form-data; name=\"".utf8
        head += value(Self.quoted(file.name))
        head += "\"; filename=\"".utf8
        head += value(Self.quoted(file.fileName))
        head += "\"\r\nContent-Type: ".utf8
        head += value(Self.plain(file.contentType))
        head += "\r\n\r\n".utf8
        guard !watch.isFound else { throw BoundaryTaken() }
        self.boundary = boundary
        self.head = head
        tail = Array("\r\n--".utf8) + boundary.bytes + Array("--\r\n".utf8)
    }

    /// The whole body, for a file that stands in memory.
    ///
    /// - Throws: ``BoundaryTaken``.
    public func body(_ file: [UInt8]) throws(BoundaryTaken) -> [UInt8] {
        var watch = MultipartBoundary.Watch(boundary)
        watch.read(file.span)
        guard !watch.isFound else { throw BoundaryTaken() }
        return head + file + tail
    }

    /// A name between quotes: quotes and line breaks as browsers write them, backslashes as header parameters do.
    ///
    /// - SeeAlso: WHATWG HTML, "Multipart form data"; RFC 9110 §5.6.4. The client library of OpenAI's SDK for Python
    ///   writes the same.
    private static func quoted(_ name: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": text.append(contentsOf: "%22".unicodeScalars)
            case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text.append(contentsOf: ((digits.utf8.count < 2 ? "%0" : "%") + digits).unicodeScalars)
            default: text.append(scalar)
            }
        }
        return String(text)
    }

    /// A header's value without what would end its line.
    private static func plain(_ value: String) -> String {
        String(String.UnicodeScalarView(value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}

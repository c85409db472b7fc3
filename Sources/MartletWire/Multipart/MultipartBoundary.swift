/// The text that parts the fields of a form this side writes (RFC 2046 §5.1.1).
///
/// It must not occur in any value. ``Watch`` finds out, also in values that come in pieces.
public struct MultipartBoundary: Sendable, Hashable {
    /// Its bytes: letters, digits and hyphens, so that no header needs quotes for them.
    public let bytes: [UInt8]

    /// Takes a text as the boundary; `nil` unless it has 1 to 70 letters, digits and hyphens.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let isPlain = bytes.allSatisfy { $0 == 0x2D || $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 }
        guard (1...70).contains(bytes.count), isPlain else { return nil }
        self.bytes = bytes
    }

    /// Makes one of 32 hexadecimal digits, which nothing that was written before contains but by chance.
    ///
    /// - Parameter random: Where its 128 bits come from.
    public init(using random: inout some RandomNumberGenerator) {
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        for _ in 0..<2 {
            var word = random.next() as UInt64
            for _ in 0..<16 {
                bytes.append(digits[Int(word & 15)])
                word >>= 4
            }
        }
        self.bytes = bytes
    }

    /// The value of the `Content-Type` of a form with this boundary.
    public var contentType: String { "multipart/form-data; boundary=" + String(decoding: bytes, as: UTF8.self) }

    /// Looks for a boundary in bytes that come in pieces of any size.
    public struct Watch: Sendable {
        /// Whether it was found.
        public private(set) var isFound = false
        private let boundary: [UInt8]
        /// The last bytes so far, fewer than the boundary has.
        private var tail: [UInt8] = []

        /// Starts to look for a boundary.
        public init(_ boundary: MultipartBoundary) { self.boundary = boundary.bytes }

        /// Looks at the next bytes.
        ///
        /// - Complexity: O(bytes), nothing is kept of them but fewer than 70.
        public mutating func read(_ bytes: Span<UInt8>) {
            guard !isFound else { return }
            let most = boundary.count - 1
            // What lies across the cut, then what lies within.
            for index in 0..<min(most, bytes.count) { tail.append(bytes[index]) }
            isFound =
                MultipartForm.find(boundary[...], in: tail.span, from: 0) != nil
                || MultipartForm.find(boundary[...], in: bytes, from: 0) != nil
            if bytes.count > most {
                tail.removeAll(keepingCapacity: true)
                for index in (bytes.count - most)..<bytes.count { tail.append(bytes[index]) }
            } else if tail.count > most {
                tail.removeFirst(tail.count - most)
            }
        }
    }
}

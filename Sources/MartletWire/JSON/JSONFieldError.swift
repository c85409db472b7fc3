/// Says that a member of a valid document is missing or of the wrong type.
public struct JSONFieldError: Error, Sendable, Hashable {
    /// Where it is, like `messages[2].content`; empty for the document's one value.
    public var path: String
    /// What should be there, like `a string`.
    public var expected: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - expected: What should be there.
    public init(path: String, expected: String) {
        self.path = path
        self.expected = expected
    }
}

extension JSONFieldError: CustomStringConvertible {
    /// A sentence without any value of the document.
    public var description: String { path.isEmpty ? "expected \(expected)" : "\(path): expected \(expected)" }
}

extension JSONView {
    /// Where this value is in its document, like `messages[2].content`; empty for the document's one value.
    ///
    /// - Complexity: O(size of the document before the value): nothing is kept for it while reading.
    public var path: String { path(appending: nil) }

    /// Makes the error for this value.
    ///
    /// - Parameter expected: What should be here, like `a string`.
    public func error(expected: String) -> JSONFieldError { JSONFieldError(path: path, expected: expected) }

    func path(appending name: StaticString?) -> String {
        var path = ""
        let start = bytes.spaceEnd(from: 0, limit: bytes.count)
        if start < range.lowerBound {
            let kind = JSONKind(firstByte: bytes.byte(start))
            var current: JSONView? = JSONView(bytes: bytes, range: start..<bytes.count, kind: kind)
            while let view = current, view.range.lowerBound < range.lowerBound {
                current = view.child(containing: range.lowerBound, path: &path)
            }
        }
        if let name { Self.append(key: name.description, to: &path) }
        return path
    }

    /// Goes one step towards a place in the document.
    private func child(containing place: Int, path: inout String) -> JSONView? {
        if kind == .object {
            for member in members where member.value.range.contains(place) {
                Self.append(key: member.key.string() ?? "", to: &path)
                return member.value
            }
        } else {
            for (index, element) in elements.enumerated() where element.range.contains(place) {
                path += "[\(index)]"
                return element
            }
        }
        return nil
    }

    private static func append(key: String, to path: inout String) {
        let isPlain =
            !key.isEmpty && key.utf8.count <= 64
            && key.utf8.allSatisfy { byte in
                byte == 0x5F || byte == ASCII.minus || byte == 0x24 || ASCII.isDigit(byte)
                    || (byte | 0x20) &- 0x61 < 26
            }
        if isPlain {
            if !path.isEmpty { path += "." }
            path += key
        } else {
            // Keys are text from outside: cut to a length that a message can bear.
            var quoted: [UInt8] = []
            JSONString.escape([UInt8](key.utf8.prefix(64)), into: &quoted)
            path += "[\"" + String(decoding: quoted, as: UTF8.self) + "\"]"
        }
    }
}

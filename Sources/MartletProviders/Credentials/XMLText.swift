/// Finds the text of elements in a small XML answer; no more of XML is understood.
public struct XMLText: Sendable {
    private let bytes: [UInt8]

    /// The largest answer that is read, in bytes.
    public static let largest = 1 << 20

    /// Takes an answer; one that is too large has no elements.
    public init(_ bytes: [UInt8]) { self.bytes = bytes.count <= Self.largest ? bytes : [] }

    /// The text of the first element of a name, without attributes or elements in it; `nil` when there is none.
    public func text(of name: String) -> String? {
        let open = Array("<\(name)>".utf8)
        let close = Array("</\(name)>".utf8)
        guard let start = find(open, from: 0), let end = find(close, from: start + open.count) else { return nil }
        let content = bytes[(start + open.count)..<end]
        guard !content.contains(UInt8(ascii: "<")) else { return nil }
        return Self.decoded(content)
    }

    private func find(_ pattern: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= pattern.count, let first = pattern.first else { return nil }
        var at = start
        while at <= bytes.count - pattern.count {
            guard let next = bytes[at...].firstIndex(of: first), next <= bytes.count - pattern.count else { return nil }
            if bytes[next..<(next + pattern.count)].elementsEqual(pattern) { return next }
            at = next + 1
        }
        return nil
    }

    /// Replaces the five named references; `nil` for any other.
    private static func decoded(_ content: ArraySlice<UInt8>) -> String? {
        var text: [UInt8] = []
        var at = content.startIndex
        while at < content.endIndex {
            guard content[at] == UInt8(ascii: "&") else {
                text.append(content[at])
                at += 1
                continue
            }
            guard let end = content[at...].firstIndex(of: UInt8(ascii: ";")) else { return nil }
            switch String(decoding: content[(at + 1)..<end], as: UTF8.self) {
            case "amp": text.append(UInt8(ascii: "&"))
            case "lt": text.append(UInt8(ascii: "<"))
            case "gt": text.append(UInt8(ascii: ">"))
            case "quot": text.append(UInt8(ascii: "\""))
            case "apos": text.append(UInt8(ascii: "'"))
            default: return nil
            }
            at = end + 1
        }
        return String(decoding: text, as: UTF8.self)
    }
}

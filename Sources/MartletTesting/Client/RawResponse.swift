/// A response as it stood on the wire, with its framing taken off.
public struct RawResponse: Sendable, Hashable {
    /// The status.
    public var status: Int
    /// The head's bytes as text, with the empty line that ends it.
    public var head: String
    /// The body without chunk framing.
    public var body: [UInt8] = []
    /// The lengths of the body's chunks; empty when it was not chunked.
    public var chunks: [Int] = []
    /// Whether the end of the body was seen; `false` when the connection ended before it.
    public var isComplete = false

    /// The field lines, in order.
    public var fields: [(name: String, value: String)] {
        head.split(separator: "\r\n").dropFirst().compactMap { ReceivedRequest.field(String($0)) }
    }

    /// The only value of a field; `nil` when it is missing or repeated.
    public subscript(name: String) -> String? {
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }
        return values.count == 1 ? values[0].value : nil
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// Takes responses out of a byte stream (RFC 9112 §6), without any of the product's code.
struct RawResponseReader {
    private(set) var response: RawResponse?
    private var input: [UInt8] = []
    private var position = 0
    private var framing = Framing.head

    private enum Framing {
        case head, length(Int), chunked, untilEnd, done
    }

    /// Something that is no response.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// Adds bytes of the connection.
    mutating func add(_ bytes: [UInt8]) { input += bytes }

    /// Takes out the response once it is complete, and gets ready for the next one.
    ///
    /// - Parameters:
    ///   - isHead: Whether the request was HEAD.
    ///   - isOver: Whether no more bytes will come.
    mutating func take(isHead: Bool, isOver: Bool) throws -> RawResponse? {
        try advance(isHead: isHead)
        if isOver, case .untilEnd = framing {
            response?.isComplete = true
            framing = .done
        }
        guard var complete = response else {
            if isOver, !input.isEmpty { throw Malformed(description: "the connection ended within a head") }
            return nil
        }
        if case .done = framing { complete.isComplete = true } else if !isOver { return nil }
        response = nil
        framing = .head
        input.removeFirst(position)
        position = 0
        return complete
    }

    /// Bytes that are left over.
    var rest: [UInt8] { Array(input[position...]) }

    private mutating func advance(isHead: Bool) throws {
        while true {
            switch framing {
            case .head:
                guard let end = input[position...].firstRange(of: [13, 10, 13, 10])?.upperBound else { return }
                try begin(String(decoding: input[position..<end], as: UTF8.self), isHead: isHead)
                position = end
            case .length(let length):
                guard input.count - position >= length else { return }
                response?.body = Array(input[position..<position + length])
                position += length
                framing = .done
            case .chunked:
                guard try chunk() else { return }
            case .untilEnd:
                response?.body += input[position...]
                position = input.count
                return
            case .done:
                return
            }
        }
    }

    private mutating func begin(_ head: String, isHead: Bool) throws {
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw Malformed(description: "no status line: \(head.prefix(80))")
        }
        let response = RawResponse(status: status, head: head)
        self.response = response
        if isHead || status < 200 || status == 204 || status == 304 {
            framing = .done
        } else if response["transfer-encoding"]?.lowercased() == "chunked" {
            framing = .chunked
        } else if let length = response["content-length"] {
            guard let length = Int(length) else { throw Malformed(description: "content-length: \(length)") }
            framing = .length(length)
        } else {
            framing = .untilEnd
        }
    }

    /// Takes one chunk; answers whether there was one.
    private mutating func chunk() throws -> Bool {
        guard let lineEnd = input[position...].firstRange(of: [13, 10]) else { return false }
        let digits = String(decoding: input[position..<lineEnd.lowerBound], as: UTF8.self)
        guard let size = Int(digits, radix: 16), size >= 0 else { throw Malformed(description: "chunk size \(digits)") }
        let end = lineEnd.upperBound + size + 2
        guard input.count >= end else { return false }
        guard Array(input[end - 2..<end]) == [13, 10] else {
            throw Malformed(description: "chunk of \(size) without end")
        }
        response?.body += input[lineEnd.upperBound..<end - 2]
        position = end
        if size == 0 { framing = .done } else { response?.chunks.append(size) }
        return true
    }
}

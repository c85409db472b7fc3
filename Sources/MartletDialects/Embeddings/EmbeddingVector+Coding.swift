public import MartletCore
import MartletWire

extension EmbeddingVector {
    /// The numbers; `nil` when the vector holds anything that is no finite number of 32 bits.
    public var values: [Float]? {
        switch self {
        case .floats(let values): return values.allSatisfy(\.isFinite) ? values : nil
        case .numbers(let text):
            guard let document = try? JSONDocument(text.bytes), document.rootKind == .array else { return nil }
            return document.withView { Self.values($0) }
        case .base64(let text): return Self.values(base64: text)
        }
    }

    private static func values(_ list: JSONView) -> [Float]? {
        var values: [Float] = []
        for element in list.elements {
            // The nearest number of 32 bits, by way of the nearest of 64.
            guard let number = element.double(), Float(number).isFinite else { return nil }
            values.append(Float(number))
        }
        return values
    }

    private static func values(base64 text: [UInt8]) -> [Float]? {
        guard let data = DataURL.decode(String(decoding: text, as: UTF8.self)), data.count % 4 == 0 else { return nil }
        var values: [Float] = []
        values.reserveCapacity(data.count / 4)
        for start in stride(from: 0, to: data.count, by: 4) {
            let bits =
                UInt32(data[start]) | UInt32(data[start + 1]) << 8 | UInt32(data[start + 2]) << 16
                | UInt32(data[start + 3]) << 24
            let value = Float(bitPattern: bits)
            guard value.isFinite else { return nil }
            values.append(value)
        }
        return values
    }

    /// The vector in a form; as it is when it has that form already, so that no digit is lost.
    ///
    /// - Returns: `nil` when it has to change form and cannot: it holds what is no number.
    public func encoded(as encoding: EmbeddingEncoding) -> EmbeddingVector? {
        switch (self, encoding) {
        case (.numbers, .float), (.base64, .base64): return self
        default: break
        }
        guard let values else { return nil }
        switch encoding {
        case .base64:
            var data: [UInt8] = []
            data.reserveCapacity(values.count * 4)
            for value in values {
                let bits = value.bitPattern
                for shift: UInt32 in [0, 8, 16, 24] { data.append(UInt8(truncatingIfNeeded: bits >> shift)) }
            }
            return .base64(Base64.encode(data))
        case .float:
            var writer = JSONWriter(reserving: values.count * 12)
            // The shortest text that is read back as the same number of 32 bits.
            writer.array { writer in
                for value in values { writer.raw(Array(value.description.utf8)) }
            }
            return .numbers(JSONText(writer.bytes))
        }
    }

    /// Reads a vector in either form; `nil` when it is none.
    init?(_ view: JSONView) {
        switch view.kind {
        case .array:
            for element in view.elements where element.kind != .number { return nil }
            self = .numbers(view.text)
        case .string:
            var text: [UInt8] = []
            view.appendDecodedString(to: &text)
            self = .base64(text)
        default: return nil
        }
    }

    /// Writes the vector in the form it has.
    func write(to writer: inout JSONWriter) {
        switch self {
        case .numbers(let text): writer.raw(text.bytes)
        case .base64(let text): writer.string(text)
        case .floats: (encoded(as: .float) ?? .numbers(JSONText("[]"))).write(to: &writer)
        }
    }
}

extension EmbeddingResponse {
    /// The vectors in a form.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)`` when one has to change form and cannot: it holds what is no number.
    func vectors(as encoding: EmbeddingEncoding) throws(ChatFailure) -> [EmbeddingVector] {
        var encoded: [EmbeddingVector] = []
        encoded.reserveCapacity(vectors.count)
        for vector in vectors {
            guard let vector = vector.encoded(as: encoding) else {
                throw .malformed("a vector of the answer holds what is no number")
            }
            encoded.append(vector)
        }
        return encoded
    }
}

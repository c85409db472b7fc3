/// A version of the language, by what it changes for this implementation.
enum SchemaDraft: Int, Comparable, Sendable {
    case draft4 = 4
    case draft6 = 6
    case draft7 = 7
    case draft2019 = 2019
    case draft2020 = 2020

    /// Reads `$schema`; the newest where it is missing or unknown.
    init(_ schema: JSONView) {
        let text = schema.member("$schema")?.decodedText ?? []
        let names: [(StaticString, SchemaDraft)] = [
            ("draft-04", .draft4), ("draft-06", .draft6), ("draft-07", .draft7), ("2019-09", .draft2019),
        ]
        self = names.first { text.contains($0.0) }?.1 ?? .draft2020
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension [UInt8] {
    /// Whether a text stands somewhere in this one.
    fileprivate func contains(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe self.firstRange(of: Array($0)) != nil }
    }

    private func firstRange(of other: [UInt8]) -> Range<Int>? {
        guard !other.isEmpty, count >= other.count else { return nil }
        for start in 0...count - other.count where self[start..<start + other.count].elementsEqual(other) {
            return start..<start + other.count
        }
        return nil
    }
}

/// Takes out of a continuation what it repeats of the text that it goes on from.
///
/// A model may say the end of that text again, or all of it. A repetition counts from ``shortest`` bytes on; what is shorter
/// may be meant, and so may more of a pattern that repeats itself. White space at the end of the text, which the model was not shown, is taken out where it comes again. Text is
/// held back only while it may still be a repetition.
struct TextSeam: Sendable {
    /// The fewest bytes that count as a repetition.
    static let shortest = 16
    /// The fewest bytes of a text that counts as repeated when all of it comes again.
    static let shortestWhole = 4
    /// How far back a repetition is looked for, beside one of the whole text.
    static let reach = 4_096

    private let text: [UInt8]
    /// White space at its end.
    private var tail: ArraySlice<UInt8>
    private var held: [UInt8] = []
    /// Where in the text what is held may have begun.
    private var starts: [Int]
    /// The longest repetition that is complete.
    private var longest = 0
    private var isDecided = false

    init(after delivered: DeliveredAnswer) {
        text = delivered.text
        tail = text[delivered.prefix.endIndex...]
        let first = max(0, text.count - Self.reach)
        starts = (text.isEmpty || first == 0 ? [] : [0]) + Array(first..<text.count)
        if text.isEmpty { isDecided = true }
    }

    /// Takes a piece of the continuation; what is no repetition comes out.
    mutating func take(_ piece: String) -> String {
        if isDecided { return piece }
        for byte in piece.utf8 {
            let place = held.count
            held.append(byte)
            guard !isDecided else { continue }
            starts.removeAll { text[$0 + place] != byte }
            if starts.contains(where: { $0 + place + 1 == text.count }) {
                longest = place + 1
                starts.removeAll { $0 + place + 1 == text.count }
            }
            if starts.isEmpty { isDecided = true }
        }
        return isDecided ? rest() : ""
    }

    /// Says that nothing follows; what was held comes out.
    mutating func finish() -> String {
        guard !isDecided || !held.isEmpty else { return "" }
        isDecided = true
        return rest()
    }

    /// Whether a text is one pattern over and over, such as a ruled line or zeros, of which more may be meant.
    private static func repeatsItself(_ text: ArraySlice<UInt8>) -> Bool {
        // The longest beginning of each part that is also its end (Knuth, Morris, Pratt 1977).
        var borders = [0]
        var border = 0
        for byte in text.dropFirst() {
            while border > 0, text[border] != byte { border = borders[border - 1] }
            if text[border] == byte { border += 1 }
            borders.append(border)
        }
        return (text.count - border) * 2 <= text.count
    }

    private mutating func rest() -> String {
        defer { held = [] }
        if longest >= min(Self.shortest, max(Self.shortestWhole, text.count)), longest > tail.count,
            !Self.repeatsItself(held[..<longest])
        {
            return String(decoding: held.dropFirst(longest), as: UTF8.self)
        }
        let same = zip(held, tail).prefix { $0 == $1 }.count
        return String(decoding: held.dropFirst(same), as: UTF8.self)
    }
}

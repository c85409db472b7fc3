/// Compares a tool's arguments that are made anew with the part of them that was delivered, and lets through what follows it.
///
/// White space between the parts of the JSON does not count; inside of texts every byte does.
struct ArgumentSeam: Sendable {
    private let delivered: [UInt8]
    private var place = 0
    private var isInText = false
    private var isEscaped = false
    private var isOver = false

    init(after delivered: [UInt8]) { self.delivered = delivered }

    /// Whether all that was delivered came again.
    var isPast: Bool {
        isOver || (isInText ? place == delivered.count : delivered[place...].allSatisfy(isSpace))
    }

    /// Takes a piece; `nil` when it differs from what was delivered.
    mutating func take(_ piece: String) -> String? {
        if isOver { return piece }
        let bytes = Array(piece.utf8)
        for (index, byte) in bytes.enumerated() {
            if !isInText {
                while place < delivered.count, isSpace(delivered[place]) { place += 1 }
            }
            if place == delivered.count {
                isOver = true
                return String(decoding: bytes[index...], as: UTF8.self)
            }
            if !isInText, isSpace(byte) { continue }
            guard byte == delivered[place] else { return nil }
            place += 1
            if isEscaped {
                isEscaped = false
            } else if isInText, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInText.toggle()
            }
        }
        return ""
    }
}

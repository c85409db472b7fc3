/// What the grammar expects next.
enum JSONPhase: UInt8, Sendable {
    case value, elementOrEnd, keyOrEnd, afterValue, key, keyEnd, colon, string, keyString, number, end
}

/// How much of a number was read.
enum JSONNumberPhase: UInt8, Sendable {
    case start, minus, zero, integer, dot, fraction, exponent, exponentSign, exponentDigits

    /// Tells whether the number may end here.
    var isComplete: Bool {
        switch self {
        case .zero, .integer, .fraction, .exponentDigits: true
        case .start, .minus, .dot, .exponent, .exponentSign: false
        }
    }

    /// Takes one more byte.
    ///
    /// - Returns: The next phase, or `nil` when the byte does not belong to the number.
    func next(_ byte: UInt8) -> JSONNumberPhase? {
        let isDigit = ASCII.isDigit(byte)
        switch (self, byte) {
        case (.start, ASCII.minus): return .minus
        case (.start, ASCII.zero), (.minus, ASCII.zero): return .zero
        case (.start, _), (.minus, _): return isDigit ? .integer : nil
        case (.integer, ASCII.zero...ASCII.nine): return .integer
        case (.zero, ASCII.dot), (.integer, ASCII.dot): return .dot
        case (.zero, 0x65), (.zero, 0x45), (.integer, 0x65), (.integer, 0x45): return .exponent
        case (.fraction, 0x65), (.fraction, 0x45): return .exponent
        case (.dot, _), (.fraction, _): return isDigit ? .fraction : nil
        case (.exponent, 0x2B), (.exponent, ASCII.minus): return .exponentSign
        case (.exponent, _), (.exponentSign, _), (.exponentDigits, _): return isDigit ? .exponentDigits : nil
        default: return nil
        }
    }
}

/// Everything the scanner remembers between two calls, except its stack.
struct JSONScannerState: Sendable {
    var position = 0
    var phase = JSONPhase.value
    var number = JSONNumberPhase.start
    var depth = 0
    /// The first free position of the stack, and where the keys of the innermost object start.
    var top = 0
    var frame = 0
    /// One bit for each key of the innermost object, picked by its hash: a clear bit proves a key new.
    var seen: UInt64 = 0
    var isObject = false
    /// Bit 0: strings here count as text; bit 1: so do the direct elements of an array here.
    var text: UInt8 = 0
    var stringStart = 0
    /// By how much the escapes of the current string make it longer than its text.
    var saved = 0
    var keys = 0
    var textBytes = 0
    var imageParts = 0
    var rootStart = 0
    /// Where the document's value ends; 0 before that is known.
    var rootEnd = 0
    var memberKey = 0..<0
    var memberKeyHasEscapes = false
    var memberValueStart = 0
    var elements = 0
    /// Whether an element of the current member's array is something else than an object.
    var hasOtherElements = false
}

/// Why the scan loop stopped.
enum JSONScanOutcome {
    case needsMoreInput
    /// The state is behind a value, and much input follows.
    case canRunFast
    case needsMoreStack
    case failed(JSONError.Kind, at: Int)
}

/// Reads an expression from left to right; the nesting of groups is bounded.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    private static let maxDepth = 64
    private static let maxCount = 20_000

    init(_ text: [UInt8]) { scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars) }

    mutating func parse() throws(JSONPatternError) -> PatternNode {
        let node = try alternatives()
        guard index == scalars.count else { throw malformed }
        return node
    }

    private var malformed: JSONPatternError { .malformed(offset: index) }
    private var unsupported: JSONPatternError { .unsupported(offset: index) }
    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[index...].starts(with: text.unicodeScalars) else { return false }
        index += text.unicodeScalars.count
        return true
    }

    private mutating func alternatives() throws(JSONPatternError) -> PatternNode {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(JSONPatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let start = index
            let atom = try self.atom()
            let canRepeat: Bool
            switch atom {
            case .start, .end, .boundary, .look: canRepeat = false
            default: canRepeat = true
            }
            guard let (min, max) = try quantifier() else {
                parts.append(atom)
                continue
            }
            guard canRepeat else { throw .malformed(offset: start) }
            parts.append(.repeated(atom, min: min, max: max))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func atom() throws(JSONPatternError) -> PatternNode {
        guard let scalar = next else { throw malformed }
        switch scalar {
        case "(": return try group()
        case "[":
            index += 1
            return .set(try characterClass())
        case "\\":
            index += 1
            return try escape()
        case "*", "+", "?": throw malformed
        default:
            index += 1
            switch scalar {
            case "^": return .start
            case "$": return .end
            case ".": return .set(.any)
            default: return .set(PatternSet(scalar))
            }
        }
    }

    private mutating func group() throws(JSONPatternError) -> PatternNode {
        guard depth < Self.maxDepth else { throw .tooLarge }
        depth += 1
        defer { depth -= 1 }
        index += 1
        var isLook = false
        var isNegative = false
        if take("?") {
            if take(":") {
            } else if take("=") {
                isLook = true
            } else if take("!") {
                (isLook, isNegative) = (true, true)
            } else if next == "<" {
                index += 1
                // Lookbehind begins the same way.
                guard let scalar = next, scalar != "=", scalar != "!" else { throw unsupported }
                while let scalar = next, scalar != ">" {
                    guard scalar.properties.isAlphabetic || scalar == "_" || scalar == "$" || ("0"..."9") ~= scalar
                    else { throw malformed }
                    index += 1
                }
                guard take(">") else { throw malformed }
            } else {
                throw unsupported
            }
        }
        let node = try alternatives()
        guard take(")") else { throw malformed }
        return isLook ? .look(node, isNegative: isNegative) : node
    }

    /// Reads what follows an atom; a brace that begins no count is a character of its own.
    private mutating func quantifier() throws(JSONPatternError) -> (min: Int, max: Int?)? {
        var result: (min: Int, max: Int?)
        switch next {
        case "*":
            index += 1
            result = (0, nil)
        case "+":
            index += 1
            result = (1, nil)
        case "?":
            index += 1
            result = (0, 1)
        case "{":
            guard let counts = try braces() else { return nil }
            result = counts
        default: return nil
        }
        // Lazy or not, the same texts match.
        _ = take("?")
        return result
    }

    private mutating func braces() throws(JSONPatternError) -> (min: Int, max: Int?)? {
        let start = index
        index += 1
        let least = number()
        var most = least
        if take(",") { most = next == "}" ? nil : number() ?? -1 }
        guard let least, most != -1, take("}") else {
            index = start
            return nil
        }
        if let most, most < least { throw malformed }
        guard max(least, most ?? 0) <= Self.maxCount else { throw .tooLarge }
        return (least, most)
    }

    /// Digits as a number; a large one is cut to one that is too large.
    private mutating func number() -> Int? {
        let start = index
        var value = 0
        while let scalar = next, ("0"..."9") ~= scalar {
            value = min(value * 10 + Int(scalar.value - 48), 1_000_000)
            index += 1
        }
        return index > start ? value : nil
    }

    // MARK: Classes and escapes

    private mutating func characterClass() throws(JSONPatternError) -> PatternSet {
        let isNegative = take("^")
        var sets: [PatternSet] = []
        while !take("]") {
            let (set, first) = try classAtom()
            // A minus before the end, and one beside a set, stands for itself.
            guard let first, next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                sets.append(set)
                continue
            }
            let minus = index
            index += 1
            let (other, last) = try classAtom()
            guard let last else {
                sets += [set, PatternSet("-" as Unicode.Scalar), other]
                continue
            }
            guard first.value <= last.value else { throw .malformed(offset: minus) }
            sets.append(PatternSet(first.value...last.value))
        }
        return PatternSet(union: sets, isNegative: isNegative)
    }

    /// One element of a class, and the character if it is a single one.
    private mutating func classAtom() throws(JSONPatternError) -> (PatternSet, Unicode.Scalar?) {
        guard let scalar = next else { throw malformed }
        index += 1
        guard scalar == "\\" else { return (PatternSet(scalar), scalar) }
        if let set = try setEscape() { return (set, nil) }
        if take("b") { return (PatternSet("\u{8}" as Unicode.Scalar), "\u{8}") }
        if take("-") { return (PatternSet("-" as Unicode.Scalar), "-") }
        let character = try characterEscape()
        return (PatternSet(character), character)
    }

    private mutating func escape() throws(JSONPatternError) -> PatternNode {
        if take("b") { return .boundary(isNegative: false) }
        if take("B") { return .boundary(isNegative: true) }
        if let set = try setEscape() { return .set(set) }
        // Backreferences.
        if let scalar = next, ("1"..."9") ~= scalar || scalar == "k" { throw unsupported }
        return .set(PatternSet(try characterEscape()))
    }

    private mutating func setEscape() throws(JSONPatternError) -> PatternSet? {
        guard let scalar = next else { throw malformed }
        switch scalar {
        case "d", "D":
            index += 1
            return .digits(isNegative: scalar == "D")
        case "w", "W":
            index += 1
            return .words(isNegative: scalar == "W")
        case "s", "S":
            index += 1
            return .spaces(isNegative: scalar == "S")
        case "p", "P":
            index += 1
            guard take("{"), let end = scalars[index...].firstIndex(of: "}") else { throw malformed }
            var name = ""
            name.unicodeScalars.append(contentsOf: scalars[index..<end])
            guard let property = PatternProperty(name, isNegative: scalar == "P") else { throw unsupported }
            index = end + 1
            return PatternSet(property)
        default: return nil
        }
    }

    private mutating func characterEscape() throws(JSONPatternError) -> Unicode.Scalar {
        guard let scalar = next else { throw malformed }
        index += 1
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "0":
            if let digit = next, ("0"..."9") ~= digit { throw malformed }
            return "\0"
        case "c":
            guard let letter = next, letter.isASCII, letter.properties.isAlphabetic else { throw malformed }
            index += 1
            return Unicode.Scalar(UInt8(letter.value & 31))
        case "x":
            guard let value = hex(2), let character = Unicode.Scalar(value) else { throw malformed }
            return character
        case "u": return try unicodeEscape()
        default:
            guard !(scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9") ~= scalar)) else {
                throw unsupported
            }
            return scalar
        }
    }

    private mutating func unicodeEscape() throws(JSONPatternError) -> Unicode.Scalar {
        if take("{") {
            var value: UInt32 = 0
            let start = index
            while let digit = next?.hexDigit {
                value = min(value << 4 | digit, 0x11_0000)
                index += 1
            }
            guard index > start, take("}"), let character = Unicode.Scalar(value) else { throw malformed }
            return character
        }
        guard let unit = hex(4) else { throw malformed }
        if unit & 0xFC00 == 0xD800, take("\\u"), let low = hex(4), low & 0xFC00 == 0xDC00 {
            guard let character = Unicode.Scalar(0x1_0000 + (unit & 0x3FF) << 10 + low & 0x3FF) else { throw malformed }
            return character
        }
        // Half of a pair alone is no character that a text can hold.
        guard let character = Unicode.Scalar(unit) else { throw unsupported }
        return character
    }

    private mutating func hex(_ count: Int) -> UInt32? {
        guard index + count <= scalars.count else { return nil }
        var value: UInt32 = 0
        for offset in 0..<count {
            guard let digit = scalars[index + offset].hexDigit else { return nil }
            value = value << 4 | digit
        }
        index += count
        return value
    }
}

extension Unicode.Scalar {
    fileprivate var hexDigit: UInt32? {
        switch value {
        case 0x30...0x39: value - 0x30
        case 0x41...0x46: value - 0x37
        case 0x61...0x66: value - 0x57
        default: nil
        }
    }
}

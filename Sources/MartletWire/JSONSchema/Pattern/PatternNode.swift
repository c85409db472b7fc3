/// A part of an expression.
indirect enum PatternNode {
    case empty
    case set(PatternSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, min: Int, max: Int?)
    case start
    case end
    case boundary(isNegative: Bool)
    case look(PatternNode, isNegative: Bool)
}

/// What a matcher does at a place of the program.
enum PatternInstruction: Sendable {
    /// Takes one character of a set and goes on.
    case take(set: Int)
    case split(Int, Int)
    case jump(Int)
    case start
    case end
    case boundary(isNegative: Bool)
    /// Goes on at the second place if the program at the first place matches, or does not.
    case look(Int, next: Int, isNegative: Bool)
    case match
}

/// Writes a part of an expression as instructions.
struct PatternCompiler {
    var program: [PatternInstruction] = []
    private(set) var sets: [PatternSet] = []
    /// Parts that were written: those that are empty add no instruction, but may be repeated many times.
    private var written = 0

    mutating func add(_ node: PatternNode) throws(JSONPatternError) {
        written += 1
        guard program.count < JSONPattern.maxInstructions, written < 4 * JSONPattern.maxInstructions else {
            throw .tooLarge
        }
        switch node {
        case .empty: break
        case .set(let set):
            if let known = sets.firstIndex(of: set) {
                program.append(.take(set: known))
            } else {
                program.append(.take(set: sets.count))
                sets.append(set)
            }
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let parts): try add(choice: parts[...])
        case .repeated(let part, let min, let max): try add(part, min: min, max: max)
        case .start: program.append(.start)
        case .end: program.append(.end)
        case .boundary(let isNegative): program.append(.boundary(isNegative: isNegative))
        case .look(let part, let isNegative):
            let place = program.count
            program.append(.match)
            try add(part)
            program.append(.match)
            program[place] = .look(place + 1, next: program.count, isNegative: isNegative)
        }
    }

    private mutating func add(choice parts: ArraySlice<PatternNode>) throws(JSONPatternError) {
        var ends: [Int] = []
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let place = program.count
            if !isLast { program.append(.match) }
            try add(part)
            guard !isLast else { break }
            ends.append(program.count)
            program.append(.match)
            program[place] = .split(place + 1, program.count)
        }
        for end in ends { program[end] = .jump(program.count) }
    }

    private mutating func add(_ part: PatternNode, min: Int, max: Int?) throws(JSONPatternError) {
        for _ in 0..<min { try add(part) }
        guard let max else {
            let place = program.count
            program.append(.match)
            try add(part)
            program.append(.jump(place))
            program[place] = .split(place + 1, program.count)
            return
        }
        var splits: [Int] = []
        for _ in 0..<Swift.max(0, max - min) {
            splits.append(program.count)
            program.append(.match)
            try add(part)
        }
        for place in splits { program[place] = .split(place + 1, program.count) }
    }
}

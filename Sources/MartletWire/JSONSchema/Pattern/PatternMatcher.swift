/// Follows all places of a program through a text side by side.
struct PatternMatcher {
    private let pattern: JSONPattern
    private let text: [Unicode.Scalar]
    /// The work that is left; below 0 when it was not enough.
    private(set) var steps: Int
    /// What lookahead found, by the place of its program and the place in the text.
    private var looks: [Look: Bool] = [:]
    private var depth = 0

    private struct Look: Hashable {
        var place: Int
        var index: Int
    }

    init(_ pattern: JSONPattern, _ text: [Unicode.Scalar], steps: Int) {
        self.pattern = pattern
        self.text = text
        self.steps = steps
    }

    /// Whether the program from a place on matches, from an index on or, unless anchored, anywhere behind it.
    ///
    /// - Returns: `nil` when the work was not enough.
    mutating func run(from start: Int, at first: Int, isAnchored: Bool) -> Bool? {
        var current = PatternPlaces(count: pattern.program.count)
        var following = PatternPlaces(count: pattern.program.count)
        var index = first
        while true {
            if index == first || !isAnchored {
                guard let isMatch = follow(start, at: index, into: &current) else { return nil }
                if isMatch { return true }
            }
            guard index < text.count else { return false }
            if isAnchored, current.list.isEmpty { return false }
            let scalar = text[index]
            for place in current.list {
                guard case .take(let set) = pattern.program[place] else { continue }
                steps -= 1
                guard pattern.sets[set].contains(scalar) else { continue }
                guard let isMatch = follow(place + 1, at: index + 1, into: &following) else { return nil }
                if isMatch { return true }
            }
            steps -= 1
            guard steps >= 0 else { return nil }
            swap(&current, &following)
            following.removeAll()
            index += 1
        }
    }

    /// Adds a place and all that are reached from it without a character; tells whether the end of the program is.
    private mutating func follow(_ start: Int, at index: Int, into places: inout PatternPlaces) -> Bool? {
        var pending = [start]
        while let place = pending.popLast() {
            guard places.insert(place) else { continue }
            steps -= 1
            guard steps >= 0 else { return nil }
            switch pattern.program[place] {
            case .take: break
            case .match: return true
            case .jump(let next): pending.append(next)
            case .split(let one, let other):
                pending.append(other)
                pending.append(one)
            case .start: if index == 0 { pending.append(place + 1) }
            case .end: if index == text.count { pending.append(place + 1) }
            case .boundary(let isNegative):
                let isBoundary = isWord(index - 1) != isWord(index)
                if isBoundary != isNegative { pending.append(place + 1) }
            case .look(let body, let next, let isNegative):
                guard let isMatch = look(body, at: index) else { return nil }
                if isMatch != isNegative { pending.append(next) }
            }
        }
        return false
    }

    private mutating func look(_ body: Int, at index: Int) -> Bool? {
        let key = Look(place: body, index: index)
        if let known = looks[key] { return known }
        // Two lists of all places are made for it.
        steps -= pattern.program.count / 8
        guard steps >= 0, let isMatch = run(from: body, at: index, isAnchored: true) else { return nil }
        looks[key] = isMatch
        return isMatch
    }

    private func isWord(_ index: Int) -> Bool {
        guard index >= 0, index < text.count else { return false }
        return Self.words.contains(text[index])
    }

    private static let words = PatternSet.words(isNegative: false)
}

/// A set of places of a program, in the order in which they came.
struct PatternPlaces {
    private(set) var list: [Int] = []
    private var isHeld: [Bool]

    init(count: Int) { isHeld = [Bool](repeating: false, count: count) }

    /// Adds a place; `false` when it is there already.
    mutating func insert(_ place: Int) -> Bool {
        guard !isHeld[place] else { return false }
        isHeld[place] = true
        list.append(place)
        return true
    }

    mutating func removeAll() {
        for place in list { isHeld[place] = false }
        list.removeAll(keepingCapacity: true)
    }
}

/// A regular expression as JSON Schema has them, matched in time linear to the text.
///
/// The syntax is that of ECMAScript with the flag `u`, read leniently: characters, classes, `\d \w \s` (ASCII digits and
/// letters, ECMAScript's white space), `\p{…}` of general categories and some binary properties, `^ $ \b \B`,
/// alternatives, groups, greedy and lazy quantifiers, and lookahead. Not known are backreferences, lookbehind, scripts,
/// set operations and flags in groups. A text is matched as Unicode scalars; `$` is the end of the text only.
///
/// All places of the expression are followed side by side, so that no expression makes a text take exponential time;
/// lookahead costs a run of its own at each character, counted like everything else.
///
/// - SeeAlso: ECMA-262 §22.2; K. Thompson, "Regular expression search algorithm", 1968.
public struct JSONPattern: Sendable {
    let program: [PatternInstruction]
    let sets: [PatternSet]

    /// The most instructions of one expression; counted repetitions are written out.
    static let maxInstructions = 20_000

    /// Compiles an expression.
    ///
    /// - Parameter text: The expression, in UTF-8.
    /// - Throws: ``JSONPatternError`` when it is none, or one that is not known here.
    public init(_ text: [UInt8]) throws(JSONPatternError) {
        var parser = PatternParser(text)
        let node = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.add(node)
        compiler.program.append(.match)
        (program, sets) = (compiler.program, compiler.sets)
    }

    /// Looks for the expression anywhere in a text.
    ///
    /// - Parameters:
    ///   - text: The text, in UTF-8.
    ///   - steps: The work that may be done, less what was done.
    /// - Returns: Whether it occurs; `nil` when the work was not enough to tell.
    public func occurs(in text: [UInt8], steps: inout Int) -> Bool? {
        var matcher = PatternMatcher(self, Array(String(decoding: text, as: UTF8.self).unicodeScalars), steps: steps)
        let isMatch = matcher.run(from: 0, at: 0, isAnchored: false)
        steps = matcher.steps
        return isMatch
    }
}

/// Why an expression cannot be used.
public enum JSONPatternError: Error, Sendable, Hashable {
    /// It is no regular expression; the offset counts characters.
    case malformed(offset: Int)
    /// It uses what is not known here.
    case unsupported(offset: Int)
    /// It is too large.
    case tooLarge
}

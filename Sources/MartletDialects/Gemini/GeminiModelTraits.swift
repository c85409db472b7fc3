/// What a model on Gemini's format takes; generations differ, and answer 400 to what they do not know.
///
/// - SeeAlso: Gemini API reference, "Thinking", "Thought signatures", "Function calling".
public struct GeminiModelTraits: Hashable, Sendable {
    /// How thinking is asked for.
    public var thinking: Thinking
    /// Whether thinking cannot be switched off.
    public var alwaysThinks: Bool
    /// Whether calls of tools must come back with the signature they came with.
    public var wantsSignatures: Bool
    /// Whether results of tools may hold pictures and documents.
    public var takesMediaInResults: Bool
    /// Whether calls can be made to follow their schemas without being forced (`VALIDATED`).
    public var validatesCalls: Bool
    /// Whether functions may stand beside a search on the web, or a demanded shape of the answer.
    public var combinesFunctions: Bool

    /// Creates traits.
    public init(
        thinking: Thinking,
        alwaysThinks: Bool = false,
        wantsSignatures: Bool = false,
        takesMediaInResults: Bool = false,
        validatesCalls: Bool = false,
        combinesFunctions: Bool = false
    ) {
        self.thinking = thinking
        self.alwaysThinks = alwaysThinks
        self.wantsSignatures = wantsSignatures
        self.takesMediaInResults = takesMediaInResults
        self.validatesCalls = validatesCalls
        self.combinesFunctions = combinesFunctions
    }

    /// How a model is asked to think.
    public enum Thinking: Hashable, Sendable {
        /// It cannot be.
        case none
        /// With a number of tokens.
        case budget
        /// With a level.
        case level
    }
}

extension GeminiModelTraits {
    /// Tells the traits from a model's name (`gemini-2.5-flash`, `models/gemini-3-pro-preview`).
    ///
    /// A Gemini without a number (`gemini-flash-latest`) is taken for a new one; so is a tuned model behind an endpoint.
    /// Other models of the same service (Gemma) are taken to have none of the features.
    public init(model name: String) {
        let letters = Array(name.lowercased().utf8)
        let isEndpoint = letters.starts(with: Array("endpoints/".utf8))
        guard let start = Self.end(of: "gemini-", in: letters) ?? (isEndpoint ? letters.count : nil) else {
            self.init(thinking: .none)
            return
        }
        let words = letters[start...].split { !($0 &- 0x30 < 10 || $0 &- 0x61 < 26 || $0 == UInt8(ascii: ".")) }
        let isPro = words.contains { $0.elementsEqual("pro".utf8) }
        let version = Self.version(words)
        switch (version?.major ?? 3, version?.minor ?? 0) {
        case (..<2, _), (2, ..<5): self.init(thinking: .none)
        case (2, _): self.init(thinking: .budget, alwaysThinks: isPro)
        default:
            self.init(
                thinking: .level,
                alwaysThinks: true,
                wantsSignatures: true,
                takesMediaInResults: true,
                validatesCalls: true,
                combinesFunctions: true
            )
        }
    }

    /// The number right behind the family's name; dates and sizes come later.
    private static func version(_ words: [ArraySlice<UInt8>]) -> (major: Int, minor: Int)? {
        let numbers = words.first?.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) ?? []
        guard let major = numbers.first.flatMap(Self.number) else { return nil }
        return (major, numbers.count > 1 ? Self.number(numbers[1]) ?? 0 : 0)
    }

    /// The place behind a word; `nil` when it is not there.
    private static func end(of word: StaticString, in letters: [UInt8]) -> Int? {
        let word = [UInt8](staticString: word)
        guard letters.count >= word.count else { return nil }
        for start in 0...letters.count - word.count where letters[start...].starts(with: word) {
            return start + word.count
        }
        return nil
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard 1...2 ~= digits.count, digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
    }
}

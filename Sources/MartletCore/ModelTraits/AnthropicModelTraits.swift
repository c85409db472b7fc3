/// What a model on the Messages format takes; generations differ, and answer 400 to what they do not know.
///
/// - SeeAlso: Anthropic API reference, "Models overview", "Extended thinking", "Structured outputs".
public struct AnthropicModelTraits: Hashable, Sendable {
    /// The most tokens of one answer, thinking included; sent where the caller sets no limit.
    public var maxOutputTokens: Int
    /// Which sampling fields are taken.
    public var sampling: Sampling
    /// How thinking is asked for.
    public var thinking: Thinking
    /// Whether thinking cannot be switched off.
    public var alwaysThinks: Bool
    /// Whether `output_config.format` is known.
    public var structuredOutput: Bool
    /// Whether messages of the role `system` may stand among the others.
    public var systemMessages: Bool
    /// The fewest tokens of a prompt that are cached; a mark of less is ignored.
    public var minimumCacheTokens = 1_024

    /// Creates traits.
    public init(
        maxOutputTokens: Int,
        sampling: Sampling,
        thinking: Thinking,
        alwaysThinks: Bool = false,
        structuredOutput: Bool,
        systemMessages: Bool = false
    ) {
        self.maxOutputTokens = maxOutputTokens
        self.sampling = sampling
        self.thinking = thinking
        self.alwaysThinks = alwaysThinks
        self.structuredOutput = structuredOutput
        self.systemMessages = systemMessages
    }

    /// Which sampling fields a model takes.
    public enum Sampling: Hashable, Sendable {
        /// `temperature`, `top_p` and `top_k`.
        case all
        /// All, but not `temperature` and `top_p` together.
        case temperatureOrTopP
        /// None of them.
        case none
    }

    /// How a model is asked to think.
    public enum Thinking: Hashable, Sendable {
        /// It cannot be.
        case none
        /// With a number of tokens.
        case budget
        /// With a level of effort.
        case adaptive
    }
}

extension AnthropicModelTraits {
    /// Tells the traits from a model's name, also in the spellings of other hosts
    /// (`anthropic/claude-opus-4.5`, `us.anthropic.claude-haiku-4-5-20251001-v1:0`).
    ///
    /// A Claude without a number is taken for a new one. Other models on the format (local servers have it too) are
    /// taken to have the older features.
    ///
    /// - Parameter name: The upstream's name of the model.
    public init(model name: String) {
        let letters = Array(name.lowercased().utf8)
        guard let start = Self.end(of: "claude", in: letters) else {
            self.init(maxOutputTokens: 32_000, sampling: .all, thinking: .budget, structuredOutput: true)
            return
        }
        let words = letters[start...].split { !($0 &- 0x30 < 10 || $0 &- 0x61 < 26) }
        let isOpus = words.contains { $0.elementsEqual("opus".utf8) }
        let isSonnet = words.contains { $0.elementsEqual("sonnet".utf8) }
        self.init(major: nil, minor: 0)
        guard let version = Self.version(words) else { return }
        self.init(major: version.major, minor: version.minor)
        // The Sonnet of the fourth generation writes twice as much as the Opus; the small ones of the third half.
        if version.major == 4, version.minor < 5, isOpus { maxOutputTokens = 32_000 }
        if version == (3, 5), !isSonnet { maxOutputTokens = 8_192 }
        alwaysThinks = isOpus && (version.major > 5 || version.major == 5 && version.minor >= 5)
        minimumCacheTokens = Self.minimumCacheTokens(
            version,
            isOpus: isOpus,
            isHaiku: words.contains { $0.elementsEqual("haiku".utf8) },
            isFable: words.contains { $0.elementsEqual("fable".utf8) }
        )
    }

    /// Whether a model goes on from a conversation that ends with its own turn: those before 4.6 do, newer ones answer 400
    /// (Anthropic API reference, "Prefill Claude's response").
    ///
    /// - Parameter name: The upstream's name of the model; `false` for those that are no Claude.
    public static func takesPrefill(model name: String) -> Bool {
        let letters = Array(name.lowercased().utf8)
        guard let start = end(of: "claude", in: letters) else { return false }
        let words = letters[start...].split { !($0 &- 0x30 < 10 || $0 &- 0x61 < 26) }
        guard let version = version(words) else { return false }
        return version.major < 4 || version.major == 4 && version.minor < 6
    }

    private init(major: Int?, minor: Int) {
        switch (major, minor) {
        case (.some(..<3), _):
            self.init(maxOutputTokens: 4_096, sampling: .all, thinking: .none, structuredOutput: false)
        case (3, ..<5): self.init(maxOutputTokens: 4_096, sampling: .all, thinking: .none, structuredOutput: false)
        case (3, ..<7): self.init(maxOutputTokens: 8_192, sampling: .all, thinking: .none, structuredOutput: false)
        case (3, _), (4, ..<5):
            self.init(maxOutputTokens: 64_000, sampling: .all, thinking: .budget, structuredOutput: false)
        case (4, 5):
            self.init(maxOutputTokens: 64_000, sampling: .temperatureOrTopP, thinking: .budget, structuredOutput: true)
        case (4, 6):
            self.init(
                maxOutputTokens: 128_000,
                sampling: .temperatureOrTopP,
                thinking: .adaptive,
                structuredOutput: true
            )
        default:
            self.init(
                maxOutputTokens: 128_000,
                sampling: .none,
                thinking: .adaptive,
                structuredOutput: true,
                systemMessages: major != 4 || minor >= 8
            )
        }
    }

    /// The figures of Anthropic's page "Prompt caching" in 2026; 1,024 where it has none.
    private static func minimumCacheTokens(
        _ version: (major: Int, minor: Int),
        isOpus: Bool,
        isHaiku: Bool,
        isFable: Bool
    ) -> Int {
        switch version {
        case (3, _) where isHaiku: 2_048
        case (4, 5) where isHaiku || isOpus: 4_096
        case (4, 6) where isOpus: 4_096
        case (4, 7) where isOpus: 2_048
        case (5, 0) where isOpus || isFable: 512
        default: 1_024
        }
    }

    /// The first two short numbers; a date is none.
    private static func version(_ words: [ArraySlice<UInt8>]) -> (major: Int, minor: Int)? {
        var numbers: [Int] = []
        for word in words {
            guard word.count <= 2, word.allSatisfy({ $0 &- 0x30 < 10 }) else {
                if numbers.isEmpty { continue }
                break
            }
            numbers.append(word.reduce(0) { $0 * 10 + Int($1 &- 0x30) })
        }
        guard let major = numbers.first else { return nil }
        return (major, numbers.count > 1 ? numbers[1] : 0)
    }

    private static func end(of word: StaticString, in letters: [UInt8]) -> Int? {
        let word = Array("\(word)".utf8)
        guard letters.count >= word.count else { return nil }
        for start in 0...letters.count - word.count where letters[start...].starts(with: word) {
            return start + word.count
        }
        return nil
    }
}

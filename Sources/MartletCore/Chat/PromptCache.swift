/// Which marks the gateway sets in prompts whose callers set none, for providers that cache up to marks.
public enum PromptCacheMode: String, Sendable, Hashable, CaseIterable {
    /// None.
    case off
    /// Behind the tools and behind the system texts.
    case system
    /// Those, and behind what a conversation's next request will begin with.
    case auto
}

/// Where marks of a prompt cache go: up to each of them the provider keeps what it made of the prompt.
///
/// A pure decision over the shape of a prompt (``PromptOutline``), the same for every format that has such marks. The
/// providers that have them take four at most, in the order tools, system, messages, and compare prompts without their
/// marks: moving a mark on from turn to turn does not make a prompt another one.
///
/// - SeeAlso: Anthropic API reference, "Prompt caching"; Amazon Bedrock User Guide, "Prompt caching".
public struct PromptCacheMarks: Hashable, Sendable {
    /// The tool to be marked, as an index.
    public var tool: Int?
    /// The system text to be marked, as an index in ``PromptOutline/system``.
    public var system: Int?
    /// Blocks of messages to be marked, in order; two at most.
    public var messages: [Place] = []

    /// A block of a message.
    public struct Place: Hashable, Sendable {
        /// The message's index.
        public var message: Int
        /// The block's index in the message.
        public var block: Int

        /// Names a block.
        public init(message: Int, block: Int) {
            self.message = message
            self.block = block
        }
    }

    /// How many marks there are; four at most.
    public var count: Int { (tool == nil ? 0 : 1) + (system == nil ? 0 : 1) + messages.count }

    /// Whether there are none.
    public var isEmpty: Bool { count == 0 }

    /// Decides where marks go.
    ///
    /// Tools and system texts are the same in every request of an application. In a conversation that has gone on for a
    /// turn, what is sent now is what the next request begins with, so the last message of the caller is marked; and the
    /// one before the model's last answer, up to which the request before was cached, so that it is found however much
    /// came in between. A single question gets no mark of its own: writing costs more than sending, and nobody may ask
    /// again.
    ///
    /// - Parameters:
    ///   - outline: The shape of the prompt. One with a caller's own marks gets none.
    ///   - mode: What is wanted.
    ///   - minimumTokens: The shortest prompt the model caches; a mark of less would be of no use. Tokens are estimated
    ///     as ``Usage/estimatedTokens(textBytes:)``.
    public init(_ outline: PromptOutline, mode: PromptCacheMode, minimumTokens: Int) {
        guard mode != .off, !outline.isMarked else { return }
        var bytes = 0
        func isEnough() -> Bool { Usage.estimatedTokens(textBytes: bytes) >= Int64(minimumTokens) }
        for (index, block) in outline.tools.enumerated() {
            bytes += block.bytes
            if block.takesMark, isEnough() { tool = index }
        }
        for (index, block) in outline.system.enumerated() {
            bytes += block.bytes
            if block.takesMark, isEnough() { system = index }
        }
        guard mode == .auto, let ends = Self.ends(outline.turns) else { return }
        for (index, turn) in outline.turns.enumerated() {
            var place: Place?
            for (position, block) in turn.blocks.enumerated() {
                bytes += block.bytes
                if block.takesMark, isEnough() { place = Place(message: index, block: position) }
            }
            if ends.contains(index), let place { messages.append(place) }
        }
    }

    /// The last message of the caller before the model's last answer, and the last one behind it; `nil` where the model has
    /// not answered yet.
    private static func ends(_ turns: [PromptOutline.Turn]) -> [Int]? {
        func isCallers(_ turn: PromptOutline.Turn) -> Bool {
            !turn.isModel && turn.blocks.contains(where: \.takesMark)
        }
        guard let last = turns.lastIndex(where: isCallers),
            let answer = turns[..<last].lastIndex(where: { $0.isModel && !$0.blocks.isEmpty })
        else { return nil }
        return [turns[..<answer].lastIndex(where: isCallers), last].compactMap(\.self)
    }
}

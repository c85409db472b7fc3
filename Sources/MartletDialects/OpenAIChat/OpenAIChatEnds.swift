import MartletCore

/// Remembers which answers of a stream ended with an empty reason to stop.
///
/// Some servers say `""` for "not yet", and xAI says it at the end of an answer that calls tools: which of both it was
/// is known at the stream's end mark. Without the mark such a stream is cut off like one that says nothing.
struct OpenAIChatEnds: Sendable {
    /// What the choices of one event say, a bit for each answer; there are no more than 64 (``most``).
    struct Seen: Hashable, Sendable {
        /// Those that end for a reason.
        var named: UInt64 = 0
        /// Those whose reason is empty.
        var unnamed: UInt64 = 0
        /// Those that call tools.
        var callers: UInt64 = 0

        /// Whether there is anything to remember.
        var says: Bool { named | unnamed | callers != 0 }

        mutating func note(_ index: Int, _ end: End?, hasCalls: Bool) {
            guard end != nil || hasCalls, 0..<most ~= index else { return }
            let bit = UInt64(1) << UInt64(index)
            if hasCalls { callers |= bit }
            switch end {
            case .named?: named |= bit
            case .unnamed?: unnamed |= bit
            case nil: break
            }
        }
    }

    /// How a choice says that it ends.
    enum End {
        case named, unnamed
    }

    /// The most answers that are looked at.
    static let most = 64

    private var seen = Seen()
    /// Those whose reason was empty more than once: there it means "not yet".
    private var repeated: UInt64 = 0
    private var hasContent = false

    private var missing: UInt64 { seen.unnamed & ~seen.named & ~repeated }

    /// Whether an answer never got its reason.
    var isMissing: Bool { missing != 0 }

    /// The reasons that are missing at the end of a stream; `nil` when there are none, or nothing was said at all.
    var chunk: ChatChunk? {
        let missing = missing
        guard missing != 0, hasContent else { return nil }
        let choices = (0..<Self.most).filter { missing & (1 << UInt64($0)) != 0 }.map { index in
            ChatChunk.Choice(index: index, finishReason: seen.callers & (1 << UInt64(index)) != 0 ? .toolCalls : .stop)
        }
        return ChatChunk(choices: choices)
    }

    /// Adds what an event says, and whether the stream has said anything by then.
    mutating func add(_ other: Seen, hasContent: Bool) {
        self.hasContent = hasContent
        repeated |= seen.unnamed & other.unnamed
        seen.named |= other.named
        seen.unnamed |= other.unnamed
        seen.callers |= other.callers
    }

    /// Takes empty reasons out of a chunk and remembers them.
    mutating func watch(_ chunk: inout ChatChunk) {
        var one = Seen()
        var hasContent = hasContent
        for place in chunk.choices.indices {
            let choice = chunk.choices[place]
            let end: End? = choice.finishReason.map { $0 == .other("") ? .unnamed : .named }
            one.note(choice.index, end, hasCalls: !choice.toolCalls.isEmpty)
            if end == .unnamed { chunk.choices[place].finishReason = nil }
            if !hasContent, chunk.choices[place].bearsContent { hasContent = true }
        }
        add(one, hasContent: hasContent)
    }
}

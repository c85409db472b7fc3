public import MartletCore

/// What a caller has got of an answer so far: all that a continuation must go on from.
public struct DeliveredAnswer: Sendable {
    /// The text.
    public private(set) var text: [UInt8] = []
    /// The one tool that is being called.
    public private(set) var call: Call?
    /// Calls of tools that were begun.
    private var calls = 0
    /// Whether anything but the text and calls of the first answer was delivered.
    private var hasOther = false
    private var hasTextAfterCall = false

    /// A call of a tool, as far as it was delivered.
    public struct Call: Hashable, Sendable {
        /// Its place among the calls of the answer.
        public var index: Int
        /// The tool's name, as the caller knows it.
        public var name: String
        /// The arguments' JSON so far.
        public var arguments: [UInt8]
    }

    /// Why nothing can go on from it.
    public enum Obstacle: Sendable, Hashable {
        /// There is no text, or something that only its maker can go on from.
        case noText
        /// More than one tool was called, or text follows the call.
        case calls
    }

    /// Starts with nothing.
    public init() {}

    /// The most bytes that are remembered; nobody goes on from more.
    private static let limit = 1 << 20

    /// Adds a chunk that was sent to the caller.
    public mutating func add(_ chunk: ChatChunk) {
        for choice in chunk.choices {
            guard choice.index == 0, (choice.refusal ?? "").isEmpty, choice.parts.isEmpty else {
                hasOther = true
                continue
            }
            if let content = choice.content, !content.isEmpty {
                if call != nil { hasTextAfterCall = true }
                text += content.utf8
            }
            for piece in choice.toolCalls { add(piece) }
            if text.count + (call?.arguments.count ?? 0) > Self.limit { hasOther = true }
        }
        if hasOther { text = [] }
    }

    private mutating func add(_ piece: ChatChunk.ToolCallDelta) {
        if call?.index != piece.index {
            calls += 1
            call = Call(index: piece.index, name: "", arguments: [])
        }
        call?.name += piece.name ?? ""
        call?.arguments += (piece.arguments ?? "").utf8
    }

    /// Why nothing can go on from it; `nil` when something can.
    public var obstacle: Obstacle? {
        if hasOther || (text.isEmpty && call == nil) { return .noText }
        if calls > 1 || hasTextAfterCall { return .calls }
        return nil
    }

    /// Whether a target must go on from a text; a call of a tool is made anew, and compared.
    public var needsPrefix: Bool { !prefix.isEmpty }

    /// The text that a target goes on from: without white space at its end, which some refuse and others forget.
    public var prefix: ArraySlice<UInt8> {
        text[..<(text.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0)]
    }
}

/// Whether a byte is white space of ASCII.
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

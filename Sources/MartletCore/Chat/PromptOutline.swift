/// The shape of a prompt, as far as marks of a cache depend on it: how long its blocks are and which take a mark.
public struct PromptOutline: Hashable, Sendable {
    /// The tools, in order.
    public var tools: [Block] = []
    /// The system texts before the first message, in order.
    public var system: [Block] = []
    /// The messages, in order.
    public var turns: [Turn] = []
    /// Whether the caller set marks.
    public var isMarked = false

    /// A block, a text or a tool.
    public struct Block: Hashable, Sendable {
        /// About how many bytes the model reads.
        public var bytes: Int
        /// Whether it can be marked.
        public var takesMark: Bool

        /// Describes a block.
        public init(bytes: Int, takesMark: Bool = true) {
            self.bytes = bytes
            self.takesMark = takesMark
        }
    }

    /// A message.
    public struct Turn: Hashable, Sendable {
        /// Whether the model wrote it.
        public var isModel: Bool
        /// Its blocks, in order.
        public var blocks: [Block]

        /// Describes a message.
        public init(isModel: Bool, blocks: [Block] = []) {
            self.isModel = isModel
            self.blocks = blocks
        }
    }

    /// Creates the outline of an empty prompt.
    public init() {}
}

extension PromptOutline {
    /// Outlines a request in the words all dialects share.
    ///
    /// There is one turn for each of ``ChatRequest/messages`` and one block for each of its parts, so that a place names
    /// message and part; the system and developer messages that come first have none, as their parts stand in ``system``
    /// one after the other.
    public init(_ request: ChatRequest) {
        tools = (request.tools ?? []).map { Block(bytes: $0.promptBytes) }
        var isLeading = true
        for message in request.messages {
            let isSystem = message.role == .system || message.role == .developer
            isLeading = isLeading && isSystem
            let blocks = message.parts.map { Block(bytes: $0.promptBytes, takesMark: $0.takesCacheMark) }
            if isLeading { system += blocks }
            turns.append(Turn(isModel: message.role == .assistant, blocks: isLeading ? [] : blocks))
        }
        isMarked = request.hasCacheMarks
    }
}

extension ChatRequest {
    /// Names of members that mark a prompt: Anthropic's, which many clients of OpenAI's format use, too, and OpenAI's.
    private static let markNames = ["cache_control", "prompt_cache_breakpoint"]

    /// Whether the caller marked anything.
    fileprivate var hasCacheMarks: Bool {
        Self.isMark(in: extra) || (tools ?? []).contains { Self.isMarked($0) }
            || messages.contains { Self.isMark(in: $0.extra) || $0.parts.contains { Self.isMarked($0) } }
    }

    private static func isMark(in members: [ExtraMember]) -> Bool {
        members.contains { member in
            !member.value.bytes.elementsEqual("null".utf8)
                && markNames.contains { $0.utf8.elementsEqual(member.name.utf8) }
        }
    }

    private static func isMarked(_ tool: ChatTool) -> Bool {
        switch tool {
        case .function(let function): isMark(in: function.extra) || isMark(in: function.innerExtra)
        case .other(_, let value): value.names(markNames)
        }
    }

    private static func isMarked(_ part: ChatPart) -> Bool {
        if part.memberLists.contains(where: { isMark(in: $0) }) { return true }
        switch part {
        case .toolResult(let result): return result.content.contains { isMarked($0) }
        case .other(_, let value): return value.names(markNames)
        default: return false
        }
    }
}

extension JSONText {
    /// Whether it has a member of one of these names somewhere; text that only looks like one counts, too.
    fileprivate func names(_ names: [String]) -> Bool {
        names.contains { name in
            let quoted = Array("\"\(name)\"".utf8)
            guard bytes.count >= quoted.count else { return false }
            return (0...(bytes.count - quoted.count)).contains { bytes[$0...].starts(with: quoted) }
        }
    }
}

extension ChatTool {
    /// About how many bytes of it the model reads.
    fileprivate var promptBytes: Int {
        switch self {
        case .function(let function):
            function.name.utf8.count + (function.description?.utf8.count ?? 0)
                + (function.parameters?.bytes.count ?? 0)
        case .other(_, let value): value.bytes.count
        }
    }
}

extension ChatPart {
    /// About how many bytes of it the model reads.
    fileprivate var promptBytes: Int {
        switch self {
        case .text(let text), .refusal(let text): text.text.utf8.count
        case .image(let image): image.url.utf8.count
        case .audio(let audio): audio.base64.utf8.count
        case .file(let file): (file.dataURL ?? file.url ?? file.fileID ?? "").utf8.count
        case .reasoning(let reasoning): reasoning.text.utf8.count
        case .toolCall(let call): call.name.utf8.count + call.arguments.utf8.count
        case .toolResult(let result): result.content.reduce(0) { $0 + $1.promptBytes }
        case .other(_, let value): value.bytes.count
        }
    }

    /// Whether it can be marked: reasoning cannot, nor can what is empty or not known.
    fileprivate var takesCacheMark: Bool {
        switch self {
        case .text(let text): text.text.contains { !$0.isWhitespace }
        case .image, .file, .toolCall, .toolResult: true
        case .audio, .refusal, .reasoning, .other: false
        }
    }

    /// The members that came beside it.
    fileprivate var memberLists: [[ExtraMember]] {
        switch self {
        case .text(let text), .refusal(let text): [text.extra]
        case .image(let image): [image.extra, image.innerExtra]
        case .audio(let audio): [audio.extra, audio.innerExtra]
        case .file(let file): [file.extra, file.innerExtra]
        case .reasoning(let reasoning): [reasoning.extra]
        case .toolCall(let call): [call.extra, call.innerExtra]
        case .toolResult(let result): [result.extra]
        case .other: []
        }
    }
}

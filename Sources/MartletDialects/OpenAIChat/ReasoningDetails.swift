import MartletCore
import MartletWire

/// What a server wants back of a model's reasoning, unchanged, in the member `reasoning_details` (OpenRouter): texts with
/// their signatures, summaries, and data that only the model's maker can read.
///
/// In the shared words the whole list is the proof of a piece of sealed reasoning, with a mark and the account before it:
/// `details:account:`, then Base64 of the list. The surfaces of Anthropic and of OpenAI's responses carry such pieces to
/// the caller and back; a caller of chat completions has the member itself.
///
/// - SeeAlso: OpenRouter API documentation, "Reasoning tokens", "Preserving reasoning" (read November 2026).
struct ReasoningDetails: Hashable, Sendable {
    /// The name of the member.
    static let member = "reasoning_details"
    private static let mark = "details:"
    /// The longest list that is carried, in bytes.
    static let longest = 1 << 20
    private static let mostPieces = 256

    private var pieces: [Piece] = []
    private var size = 0

    /// One element of the list.
    private struct Piece: Hashable {
        var type: String
        var index: Int64?
        /// The text so far; `nil` for an element without one.
        var text: String?
        /// The other members, as they came last.
        var members: [ExtraMember]

        /// The member that a text of this kind stands in; `nil` for a kind that comes whole.
        static func textMember(_ type: String) -> StaticString? {
            switch type {
            case "reasoning.text": "text"
            case "reasoning.summary": "summary"
            default: nil
            }
        }

        func write(to writer: inout JSONWriter) {
            writer.object { writer in
                writer.member("type", type)
                if let text, let name = Self.textMember(type) { writer.member(name, text) }
                writer.members(members)
            }
        }
    }

    /// Whether there is anything to carry; a list that is too long to be given back whole is not carried at all.
    var isWorthSealing: Bool { !pieces.isEmpty && size <= Self.longest }

    /// Adds what an answer, or a piece of one, has in the member; pieces of one text are joined.
    mutating func add(_ list: JSONText) {
        size += list.bytes.count
        guard size <= Self.longest, let document = try? JSONDocument(list.bytes) else { return }
        document.withView { view in
            for element in view.elements { add(element) }
        }
    }

    private mutating func add(_ view: JSONView) {
        guard var reader = try? JSONObjectReader(view), let type = reader.lenientString("type") else { return }
        let index = reader.peek("index")?.int64()
        let text = Piece.textMember(type).flatMap { reader.lenientString($0) }
        let members = reader.extra
        if text != nil || Piece.textMember(type) != nil,
            let place = pieces.lastIndex(where: { $0.type == type && $0.index == index }),
            index != nil || place == pieces.count - 1
        {
            if let text { pieces[place].text = (pieces[place].text ?? "") + text }
            for member in members where !member.isNull {
                pieces[place].members.removeAll { $0.name == member.name }
                pieces[place].members.append(member)
            }
        } else if pieces.count < Self.mostPieces {
            pieces.append(Piece(type: type, index: index, text: text, members: members))
        } else {
            // Half a list is of no use.
            size = Self.longest + 1
        }
    }

    /// The proof that stands for the list.
    func seal(origin: String?) -> String {
        var writer = JSONWriter(reserving: size + 64)
        writer.array { writer in
            for piece in pieces { piece.write(to: &writer) }
        }
        return "\(Self.mark)\(origin ?? ""):" + String(decoding: Base64.encode(writer.bytes), as: UTF8.self)
    }

    /// Whether a proof stands for such a list.
    static func isSeal(_ text: String) -> Bool { text.hasPrefix(mark) }

    /// The elements of the list that a piece of reasoning gives back to an account; `nil` for another's, or for what is
    /// no such list.
    static func own(_ reasoning: ChatReasoning, for account: String?) -> [JSONText]? {
        guard let text = reasoning.signature, isSeal(text), let account else { return nil }
        let rest = text.utf8.dropFirst(mark.utf8.count)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), rest[..<colon].elementsEqual(account.utf8),
            reasoning.origin.map({ $0.utf8.elementsEqual(account.utf8) }) ?? true
        else { return nil }
        var bytes: [UInt8] = []
        guard Base64.appendDecoded(Array(rest[rest.index(after: colon)...]).span, to: &bytes),
            let document = try? JSONDocument(bytes), document.rootKind == .array
        else { return nil }
        return document.withView { $0.elements.map(\.text) }
    }
}

extension ChatReasoning {
    /// Whether the piece is one that only a server with ``ReasoningDetails`` takes back.
    var isDetails: Bool { signature.map(ReasoningDetails.isSeal) ?? false }
}

extension ChatResponse {
    /// Makes sealed reasoning of the member of each answer; the member stays for callers who know it.
    mutating func sealDetails(origin: String?) {
        for index in choices.indices {
            guard let list = choices[index].message.extra.value(ReasoningDetails.member) else { continue }
            var details = ReasoningDetails()
            details.add(list)
            guard details.isWorthSealing else { continue }
            let parts = choices[index].message.parts
            var reasoning = ChatReasoning("")
            let place = parts.firstIndex { if case .reasoning(let piece) = $0 { !piece.isSealed } else { false } }
            if let place, case .reasoning(let piece) = parts[place] { reasoning = piece }
            reasoning.signature = details.seal(origin: origin)
            reasoning.origin = origin
            if let place {
                choices[index].message.parts[place] = .reasoning(reasoning)
            } else {
                choices[index].message.parts.insert(.reasoning(reasoning), at: 0)
            }
        }
    }
}

extension ChatRequest {
    /// Puts lists back where the server looks for them; proofs of another account's are taken out.
    ///
    /// - Parameter account: The account that is written for; `nil` where the server has no such lists.
    /// - Returns: What is left out, as JSON paths.
    mutating func restoreDetails(for account: String?) -> [String] {
        var dropped: [String] = []
        for index in messages.indices {
            let isThere = messages[index].parts.contains { part in
                if case .reasoning(let reasoning) = part { reasoning.isDetails } else { false }
            }
            guard isThere else { continue }
            var elements: [JSONText] = []
            var isForeign = false
            messages[index].parts.removeAll { part in
                guard case .reasoning(let reasoning) = part, reasoning.isDetails else { return false }
                // The text is in the list.
                if let own = ReasoningDetails.own(reasoning, for: account) { elements += own } else { isForeign = true }
                return true
            }
            if isForeign { dropped.append("messages[\(index)].thinking_blocks") }
            guard !elements.isEmpty else { continue }
            var writer = JSONWriter()
            writer.array { writer in
                for element in elements { writer.raw(element.bytes) }
            }
            messages[index].extra.removeAll { $0.name == ReasoningDetails.member }
            messages[index].extra.append(ExtraMember(name: ReasoningDetails.member, value: JSONText(writer.bytes)))
        }
        return dropped
    }
}

/// Gathers the lists of one streamed answer, so that each can be passed on when the reasoning is over.
struct ReasoningDetailsStream: Sendable {
    private var gathered = ReasoningDetails()
    private let origin: String?

    init(origin: String?) { self.origin = origin }

    /// Looks at the first answer of a chunk; what was gathered goes out before anything else is said.
    mutating func rewrite(_ chunk: inout ChatChunk) {
        for place in chunk.choices.indices where chunk.choices[place].index == 0 {
            let choice = chunk.choices[place]
            if let list = choice.deltaExtra.value(ReasoningDetails.member) { gathered.add(list) }
            let goesOn = (choice.content ?? "").isEmpty && choice.toolCalls.isEmpty && choice.finishReason == nil
            guard !goesOn, gathered.isWorthSealing, choice.signature == nil else { continue }
            chunk.choices[place].signature = gathered.seal(origin: origin)
            chunk.choices[place].origin = origin
            gathered = ReasoningDetails()
        }
    }
}

import MartletCore

/// Takes the reasoning out of text that begins with `<think>…</think>`, as models write it whose server does not.
struct ThinkTags: Sendable {
    private static let opening = Array("<think>".utf8)
    private static let closing = Array("</think>".utf8)

    private var state = State.before
    /// Bytes that may be part of a tag.
    private var held: [UInt8] = []

    private enum State { case before, opened, inside, behind, after }

    /// What a piece of text is.
    struct Piece: Equatable {
        var reasoning = ""
        var content = ""
    }

    /// Splits the next piece of text.
    mutating func split(_ text: String) -> Piece {
        var piece = Piece()
        if state == .after {
            piece.content = text
            return piece
        }
        held += text.utf8
        while step(&piece) {}
        return piece
    }

    /// What is left when no more text comes.
    mutating func finish() -> Piece {
        var piece = Piece()
        let rest = String(decoding: held, as: UTF8.self)
        held = []
        switch state {
        case .inside: piece.reasoning = rest
        case .before, .after: piece.content = rest
        // Space between the tag and a text that never came.
        case .opened, .behind: break
        }
        state = .after
        return piece
    }

    /// Goes on with what is held; answers whether there may be more to do.
    private mutating func step(_ piece: inout Piece) -> Bool {
        switch state {
        case .before:
            let text = held.drop { $0 <= 0x20 }
            if text.starts(with: Self.opening) {
                held = Array(text.dropFirst(Self.opening.count))
                state = .opened
                return true
            }
            // A text that may still become the tag is waited for; other text is none of ours.
            if Self.opening.starts(with: text), held.count <= 256 { return false }
            piece.content += String(decoding: held, as: UTF8.self)
            held = []
            state = .after
            return false
        case .opened:
            guard let first = held.first else { return false }
            // The line of the tag ends; the reasoning begins on the next.
            if first == UInt8(ascii: "\n") { held.removeFirst() }
            state = .inside
            return true
        case .inside:
            if let end = place(of: Self.closing) {
                piece.reasoning += String(decoding: held[..<end], as: UTF8.self)
                held = Array(held[(end + Self.closing.count)...])
                state = .behind
                return true
            }
            let keep = Self.overlap(held, Self.closing)
            piece.reasoning += String(decoding: held.dropLast(keep), as: UTF8.self)
            held = Array(held.suffix(keep))
            return false
        case .behind:
            held = Array(held.drop { $0 <= 0x20 })
            guard !held.isEmpty else { return false }
            piece.content += String(decoding: held, as: UTF8.self)
            held = []
            state = .after
            return false
        case .after: return false
        }
    }

    private func place(of tag: [UInt8]) -> Int? {
        guard held.count >= tag.count else { return nil }
        return (0...held.count - tag.count).first { held[$0...].starts(with: tag) }
    }

    /// How many of the last bytes may be the beginning of a tag.
    private static func overlap(_ bytes: [UInt8], _ tag: [UInt8]) -> Int {
        for count in stride(from: min(bytes.count, tag.count - 1), to: 0, by: -1)
        where bytes.suffix(count).elementsEqual(tag.prefix(count)) { return count }
        return 0
    }
}

extension ChatMessage {
    /// Makes reasoning of a text's beginning in tags.
    mutating func takeThinkTags() {
        guard reasoning == nil, let place = parts.firstIndex(where: { if case .text = $0 { true } else { false } }),
            case .text(var text) = parts[place]
        else { return }
        var tags = ThinkTags()
        var piece = tags.split(text.text)
        let rest = tags.finish()
        piece.reasoning += rest.reasoning
        piece.content += rest.content
        guard piece.content.utf8.count != text.text.utf8.count else { return }
        text.text = piece.content
        parts[place] = .text(text)
        parts.insert(.reasoning(ChatReasoning(piece.reasoning)), at: place)
    }
}

extension ChatResponse {
    /// Makes reasoning of the beginnings of texts in tags.
    mutating func takeThinkTags() {
        for index in choices.indices { choices[index].message.takeThinkTags() }
    }
}

/// Does the same for the answers of one stream.
struct ThinkTagStream: Sendable {
    private var tags: [Int: ThinkTags] = [:]

    /// More answers than this are left as they are.
    private static let mostChoices = 128

    mutating func rewrite(_ chunk: inout ChatChunk) {
        for place in chunk.choices.indices {
            let index = chunk.choices[place].index
            guard tags[index] != nil || tags.count < Self.mostChoices else { continue }
            var state = tags[index] ?? ThinkTags()
            var piece = ThinkTags.Piece()
            if let content = chunk.choices[place].content {
                piece = state.split(content)
                chunk.choices[place].content = piece.content.isEmpty && !content.isEmpty ? nil : piece.content
            }
            // Calls of tools come after all text.
            if chunk.choices[place].finishReason != nil || !chunk.choices[place].toolCalls.isEmpty {
                let rest = state.finish()
                piece.reasoning += rest.reasoning
                if !rest.content.isEmpty {
                    chunk.choices[place].content = (chunk.choices[place].content ?? "") + rest.content
                }
            }
            if !piece.reasoning.isEmpty {
                chunk.choices[place].reasoning = (chunk.choices[place].reasoning ?? "") + piece.reasoning
            }
            tags[index] = state
        }
    }
}

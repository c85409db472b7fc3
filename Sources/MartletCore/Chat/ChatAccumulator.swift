/// Puts the chunks of a stream together into the whole answer.
public struct ChatAccumulator: Sendable {
    /// The answer so far.
    public private(set) var response = ChatResponse(choices: [])

    /// The most choices, and the most calls of tools in a choice, that are kept; indices come from outside.
    private static let limit = 1_024

    /// Starts an empty answer.
    public init() {}

    /// Adds a chunk.
    ///
    /// Text is appended in the order of arrival; a tool call's id and name come from the piece that has them. Usage of
    /// a later chunk replaces that of an earlier one.
    public mutating func add(_ chunk: ChatChunk) {
        response.id = response.id ?? chunk.id
        response.created = response.created ?? chunk.created
        response.model = response.model ?? chunk.model
        if let usage = chunk.usage { response.usage = usage }
        for member in chunk.extra where !response.extra.contains(where: { $0.name == member.name }) {
            response.extra.append(member)
        }
        for delta in chunk.choices { add(delta) }
    }

    private mutating func add(_ delta: ChatChunk.Choice) {
        guard let position = position(of: delta.index) else { return }
        if let role = delta.role { response.choices[position].message.role = role }
        if let text = delta.reasoning, !text.isEmpty {
            response.choices[position].message.append(reasoning: text, opensPart: delta.opensPart)
        }
        if let signature = delta.signature {
            let opensPart = delta.opensPart && (delta.reasoning ?? "").isEmpty
            response.choices[position].message.append(signature: signature, delta.origin, opensPart: opensPart)
        }
        if let text = delta.content {
            response.choices[position].message.append(text: text, opensPart: delta.opensPart)
        }
        if let text = delta.refusal {
            response.choices[position].message.refusal = (response.choices[position].message.refusal ?? "") + text
        }
        for call in delta.toolCalls { response.choices[position].message.append(call, limit: Self.limit) }
        response.choices[position].message.parts.append(contentsOf: delta.parts)
        if let reason = delta.finishReason { response.choices[position].finishReason = reason }
        if let reason = delta.vendorReason { response.choices[position].vendorReason = reason }
        if let text = delta.stopSequence { response.choices[position].stopSequence = text }
    }

    /// Finds a choice by its index or makes it, in the order of indices.
    private mutating func position(of index: Int) -> Int? {
        if let known = response.choices.firstIndex(where: { $0.index == index }) { return known }
        guard response.choices.count < Self.limit else { return nil }
        let place = response.choices.firstIndex { $0.index > index } ?? response.choices.count
        let message = ChatMessage(role: .assistant, parts: [])
        response.choices.insert(ChatResponse.Choice(index: index, message: message, finishReason: nil), at: place)
        return place
    }
}

extension ChatMessage {
    fileprivate mutating func append(text: String, opensPart: Bool) {
        if !opensPart, case .text(var last)? = parts.last {
            parts.removeLast()
            last.text += text
            parts.append(.text(last))
        } else if !text.isEmpty || parts.isEmpty {
            parts.append(.text(ChatText(text)))
        }
    }

    fileprivate mutating func append(reasoning text: String, opensPart: Bool) {
        // A sealed part is complete.
        if !opensPart, case .reasoning(var last)? = parts.last, !last.isSealed {
            parts.removeLast()
            last.text += text
            parts.append(.reasoning(last))
        } else {
            parts.append(.reasoning(ChatReasoning(text)))
        }
    }

    fileprivate mutating func append(signature: String, _ origin: String?, opensPart: Bool) {
        if !opensPart, case .reasoning(var last)? = parts.last, !last.isSealed {
            parts.removeLast()
            (last.signature, last.origin) = (signature, origin)
            parts.append(.reasoning(last))
        } else {
            parts.append(.reasoning(ChatReasoning("", signature: signature, origin: origin)))
        }
    }

    /// Adds a piece to the call with its index; calls are counted in the order of their first pieces.
    fileprivate mutating func append(_ delta: ChatChunk.ToolCallDelta, limit: Int) {
        let places = parts.indices.filter { index in
            if case .toolCall = parts[index] { true } else { false }
        }
        guard delta.index >= 0, delta.index < limit else { return }
        if delta.index < places.count, case .toolCall(var call) = parts[places[delta.index]] {
            if let id = delta.id, call.id.isEmpty { call.id = id }
            if let name = delta.name, call.name.isEmpty { call.name = name }
            call.arguments += delta.arguments ?? ""
            parts[places[delta.index]] = .toolCall(call)
        } else {
            let call = ChatToolCall(
                id: delta.id ?? "",
                kind: delta.kind ?? .function,
                name: delta.name ?? "",
                arguments: delta.arguments ?? ""
            )
            parts.append(.toolCall(call))
        }
    }
}

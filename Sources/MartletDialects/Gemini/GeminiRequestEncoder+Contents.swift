import MartletCore
import MartletWire

extension GeminiRequestEncoder {
    /// The result of a tool, and where it stands.
    struct Answer {
        var result: ChatToolResult
        var path: String
    }

    /// Puts the messages in order.
    ///
    /// - Throws: ``GatewayError`` for what the model would not see.
    mutating func conversation() throws(GatewayError) -> GeminiConversation {
        var conversation = GeminiConversation()
        let answers = isNative ? [:] : try answers()
        var callCount = 0
        for (index, message) in request.messages.enumerated() {
            let path = "messages[\(index)]"
            if !isNative {
                if message.name != nil { dropped.add("name", in: path) }
                if message.extra.value("function_call") != nil {
                    throw .unsupported(
                        path + ".function_call",
                        "Legacy functions have no form for this model; use tools."
                    )
                }
                dropped.add(message.extra, in: path)
            }
            switch message.role {
            case .system, .developer: try appendSystem(message, path, to: &conversation)
            case .assistant: try appendModel(message, path, answers, &callCount, to: &conversation)
            case .user, .tool: try appendUser(message, path, to: &conversation)
            case .function, .other:
                if isNative {
                    try appendUser(message, path, to: &conversation)
                } else {
                    throw .unsupported(path + ".role", "A message of this role has no form for this model.")
                }
            }
        }
        if conversation.contents.isEmpty, !isNative {
            // A request of system texts alone: somebody must ask.
            guard !conversation.system.isEmpty else { throw .invalid("messages", "must not be empty") }
            conversation.append(conversation.system, .user)
            conversation.system = []
        }
        return conversation
    }

    /// The results by the number of their call, counted over the whole conversation.
    ///
    /// - Throws: ``GatewayError`` for a result that no call asked for.
    private mutating func answers() throws(GatewayError) -> [Int: Answer] {
        // The calls of each id that have no result yet, in order.
        var open: [String: [(number: Int, message: Int)]] = [:]
        var count = 0
        for (index, message) in request.messages.enumerated() where message.role == .assistant {
            for call in message.toolCalls {
                open[call.id, default: []].append((count, index))
                count += 1
            }
        }
        var answers: [Int: Answer] = [:]
        for (index, message) in request.messages.enumerated() {
            for (place, part) in message.parts.enumerated() {
                guard case .toolResult(let result) = part else { continue }
                let path = message.role == .tool ? "messages[\(index)]" : "messages[\(index)].content[\(place)]"
                guard let candidates = open[result.callID] else {
                    throw .invalid(path + ".tool_call_id", "refers to no call of a tool")
                }
                guard !candidates.isEmpty else {
                    dropped.add(path)
                    continue
                }
                // The last call before the result; or the first one after it, where a client stores what comes first.
                var (low, high) = (0, candidates.count)
                while low < high {
                    let middle = (low + high) / 2
                    if candidates[middle].message < index { low = middle + 1 } else { high = middle }
                }
                guard let call = open[result.callID]?.remove(at: max(low - 1, 0)) else { continue }
                answers[call.number] = Answer(result: result, path: path)
            }
        }
        return answers
    }

    private mutating func appendSystem(
        _ message: ChatMessage,
        _ path: String,
        to conversation: inout GeminiConversation
    ) throws(GatewayError) {
        var writer = GeminiPartWriter()
        let paths = GeminiPaths(message, path)
        for (index, part) in message.parts.enumerated() { try append(part, at: paths[index], to: &writer) }
        if conversation.contents.isEmpty {
            conversation.system.append(contentsOf: writer.parts)
        } else if !writer.parts.isEmpty {
            // Hoisting it to the front would change every later token's cache, so it stays where it is.
            var marked = GeminiPartWriter()
            marked.append(.text(ChatText("<system>"))) { _ in nil }
            for part in writer.parts { marked.append(raw: part) }
            marked.append(.text(ChatText("</system>"))) { _ in nil }
            conversation.append(marked.parts, .user)
        }
    }

    private mutating func appendUser(
        _ message: ChatMessage,
        _ path: String,
        to conversation: inout GeminiConversation
    ) throws(GatewayError) {
        var writer = GeminiPartWriter()
        let paths = GeminiPaths(message, path)
        for (index, part) in message.parts.enumerated() {
            switch part {
            case .toolResult(let result):
                guard isNative else { continue }
                writer.append(raw: try resultPart(result, name: toolName(result), id: callID(result), path).part)
            case .reasoning, .toolCall:
                if isNative { writer.append(part) { ownSignature($0) } } else { dropped.add(paths[index]) }
            default: try append(part, at: paths[index], to: &writer)
            }
        }
        writer.flush()
        conversation.append(writer.parts, .user)
    }

    private mutating func appendModel(
        _ message: ChatMessage,
        _ path: String,
        _ known: [Int: Answer],
        _ callCount: inout Int,
        to conversation: inout GeminiConversation
    ) throws(GatewayError) {
        var writer = GeminiPartWriter()
        let paths = GeminiPaths(message, path)
        var answers: [[UInt8]] = []
        var media: [[UInt8]] = []
        var calls = 0
        for (position, part) in message.parts.enumerated() {
            switch part {
            case .reasoning(let reasoning):
                writer.append(.reasoning(kept(reasoning, path))) { _ in ownSignature(reasoning) }
            case .toolCall(let call):
                let place = "\(path).tool_calls[\(calls)]"
                calls += 1
                let name = isNative ? call.name : names.name(call.name)
                write(call, name: name, place, to: &writer)
                guard !isNative else { continue }
                defer { callCount += 1 }
                guard let found = known[callCount] else {
                    answers.append(Self.missing(name: name, id: call.id))
                    continue
                }
                let made = try resultPart(found.result, name: name, id: call.id, found.path)
                answers.append(made.part)
                media.append(contentsOf: made.media)
            case .toolResult where isNative: break
            default: try append(part, at: paths[position], to: &writer)
            }
        }
        if let refusal = message.refusal, !refusal.isBlank {
            writer.append(.text(ChatText(refusal))) { _ in nil }
        }
        writer.flush()
        var parts = writer.parts
        // Models of the second generation are content without.
        let wantsSignatures = traits.wantsSignatures || codec.disownsSignatures && traits.thinking != .budget
        if !isNative, wantsSignatures, writer.hasCalls, !writer.firstCallIsSigned {
            Self.sign(&parts)
        }
        conversation.append(parts, .model)
        guard !answers.isEmpty else { return }
        if let last = conversation.contents.indices.last { conversation.contents[last].isClosed = true }
        conversation.append(answers + media, .user)
    }

    /// The name of the tool, in a request of this dialect.
    private func toolName(_ result: ChatToolResult) -> String {
        result.extra.value(GeminiMark.name)?.string ?? ""
    }

    /// The id of the call, unless it was made up when the request was read.
    private func callID(_ result: ChatToolResult) -> String {
        result.extra.value(GeminiMark.madeUpID) == nil ? result.callID : ""
    }

    private mutating func write(
        _ call: ChatToolCall,
        name: String,
        _ path: String,
        to writer: inout GeminiPartWriter
    ) {
        let own = GeminiSignature.beside(call, for: codec.origin)
        guard !isNative else { return writer.append(call, name: name, proof: own) }
        dropped.add(call.innerExtra, in: "\(path).\(call.kind.name)")
        dropped.add(call.extra.without("extra_content"), in: path)
        if call.extra.value("extra_content") != nil, own == nil { dropped.add("extra_content", in: path) }
        var sent = call
        (sent.innerExtra, sent.extra) = ([], [])
        writer.append(
            sent,
            name: name,
            proof: own ?? codec.memory?.signature(ofCall: call.id, account: codec.origin)
        )
    }

    /// The reasoning that is sent; text that was not signed says nothing to the model.
    private mutating func kept(_ reasoning: ChatReasoning, _ path: String) -> ChatReasoning {
        if isNative { return reasoning }
        if ownSignature(reasoning) != nil {
            dropped.add(reasoning.extra, in: path + ".thinking_blocks")
            return ChatReasoning(reasoning.text)
        }
        if reasoning.isSealed || !reasoning.text.isEmpty {
            dropped.add(reasoning.isSealed ? "thinking_blocks" : "reasoning_content", in: path)
        }
        return ChatReasoning("")
    }

    private func ownSignature(_ reasoning: ChatReasoning) -> GeminiSignature.Proof? {
        GeminiSignature.own(reasoning, for: codec.origin)
    }

    /// Puts the documented placeholder on the first call.
    private static func sign(_ parts: inout [[UInt8]]) {
        let mark = Array(#"{"functionCall":"#.utf8)
        guard let place = parts.firstIndex(where: { $0.starts(with: mark) }) else { return }
        parts[place].removeLast()
        parts[place].append(contentsOf: #","thoughtSignature":"\#(GeminiSignature.placeholder)"}"#.utf8)
    }

    /// The API refuses a call without a result, so that one says that it is missing.
    private static func missing(name: String, id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("functionResponse")
            writer.object { writer in
                writer.member("id", id.isEmpty ? nil : id)
                writer.member("name", name)
                writer.key("response")
                writer.raw(GeminiResult.encode("missing", isError: true))
            }
        }
        return writer.bytes
    }
}

/// Where the parts of a message stand in a body of OpenAI's shape.
struct GeminiPaths {
    private let paths: [String]

    init(_ message: ChatMessage, _ path: String) {
        let content = message.parts.filter(\.standsInContent)
        if content.count == 1, content[0].isPlainText {
            paths = message.parts.map { _ in path + ".content" }
            return
        }
        var place = 0
        paths = message.parts.map { part in
            defer { if part.standsInContent { place += 1 } }
            return "\(path).content[\(place)]"
        }
    }

    subscript(index: Int) -> String { paths[index] }
}

extension ChatPart {
    fileprivate var standsInContent: Bool {
        switch self {
        case .reasoning, .toolCall: false
        default: true
        }
    }
}

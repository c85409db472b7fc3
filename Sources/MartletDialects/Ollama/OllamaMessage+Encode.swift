import MartletCore
import MartletWire

extension OllamaRequestEncoder {
    /// The conversation, and notes of what of it has no place.
    mutating func turns() -> [OllamaTurn] {
        var turns: [OllamaTurn] = []
        var names: [String: String] = [:]
        for (index, message) in request.messages.enumerated() {
            let path = "messages[\(index)]"
            for call in message.toolCalls { names[call.id] = call.name }
            let results = message.parts.compactMap { part in
                if case .toolResult(let result) = part { result } else { nil }
            }
            for result in results {
                let name = (message.role == .tool ? message.name : nil) ?? names[result.callID]
                turns.append(turn(result, name, at: path))
            }
            if results.isEmpty || results.count < message.parts.count {
                turns.append(turn(message, at: path))
            } else if message.role != .tool, message.name != nil {
                drop("name", in: path)
            }
            drop(message.extra, in: path)
        }
        return Self.inCallOrder(turns)
    }

    private mutating func turn(_ result: ChatToolResult, _ name: String?, at path: String) -> OllamaTurn {
        var turn = OllamaTurn(role: "tool")
        add(result.content, to: &turn, at: path)
        turn.toolName = name
        turn.callID = result.callID.isEmpty ? nil : result.callID
        if result.isError == true { drop("is_error", in: path) }
        return turn
    }

    private mutating func turn(_ message: ChatMessage, at path: String) -> OllamaTurn {
        var turn: OllamaTurn
        switch message.role {
        case .system, .developer: turn = OllamaTurn(role: "system")
        case .user: turn = OllamaTurn(role: "user")
        case .assistant: turn = OllamaTurn(role: "assistant")
        case .tool, .function: turn = OllamaTurn(role: "tool")
        case .other:
            // Templates leave out roles they do not know, and the text with them.
            turn = OllamaTurn(role: "user")
            drop("role", in: path)
        }
        add(message.parts, to: &turn, at: path)
        // What the model refused with must not turn into an empty turn.
        if let refusal = message.refusal { turn.append(text: refusal) }
        for (index, call) in message.toolCalls.enumerated() {
            drop(call.extra, in: "\(path).tool_calls[\(index)]")
            drop(call.innerExtra, in: "\(path).tool_calls[\(index)].\(call.kind.name)")
        }
        turn.calls = message.toolCalls
        if turn.role == "tool" {
            turn.toolName = message.name
        } else if message.name != nil {
            drop("name", in: path)
        }
        return turn
    }

    private mutating func add(_ parts: [ChatPart], to turn: inout OllamaTurn, at path: String) {
        var index = 0
        for part in parts {
            let place = "\(path).content[\(index)]"
            index += 1
            switch part {
            case .text(let text), .refusal(let text):
                turn.append(text: text.text)
                drop(text.extra, in: place)
            case .image(let image):
                guard let data = OllamaMedia.base64(url: image.url) else {
                    // Pictures by address are not fetched here.
                    dropped.append(place)
                    continue
                }
                turn.images.append(data)
                if let detail = image.detail, detail != "auto" { drop("detail", in: place + ".image_url") }
                drop(image.innerExtra, in: place + ".image_url")
                drop(image.extra, in: place)
            case .audio(let audio):
                guard let data = OllamaMedia.base64(Array(audio.base64.utf8)) else {
                    dropped.append(place)
                    continue
                }
                // Sounds share the list; what they are is told by their first bytes (`openai/openai.go`).
                turn.images.append(data)
                drop(audio.innerExtra, in: place + ".input_audio")
                drop(audio.extra, in: place)
            case .file, .other: dropped.append(place)
            case .reasoning(let reasoning):
                index -= 1
                if turn.role == "assistant" {
                    turn.thinking = (turn.thinking ?? "") + reasoning.text
                    drop(reasoning.extra, in: path + ".reasoning_content")
                } else {
                    drop("reasoning_content", in: path)
                }
            case .toolCall, .toolResult: index -= 1
            }
        }
    }

    /// Puts the results behind several calls into the order of the calls: most templates show no ids.
    private static func inCallOrder(_ turns: [OllamaTurn]) -> [OllamaTurn] {
        var turns = turns
        for start in turns.indices where turns[start].calls.count > 1 {
            let ids = turns[start].calls.map(\.id)
            let results = turns[(start + 1)...].prefix { $0.role == "tool" }
            let order = results.indices.map { place in
                (turns[place].callID.flatMap(ids.firstIndex(of:)) ?? ids.count, place)
            }
            for (place, source) in zip(results.indices, order.sorted { $0 < $1 }) { turns[place] = results[source.1] }
        }
        return turns
    }
}

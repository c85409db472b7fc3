import MartletCore
import MartletWire

// Messages: their roles, members, order, and ids of calls.
extension QuirkEditor {
    mutating func editMessages(_ messages: JSONView) {
        guard quirks.touchesMessages else { return }
        var follows = ""
        for (index, message) in messages.elements.enumerated() {
            guard message.kind == .object else { continue }
            let role = message.member("role")?.string() ?? ""
            if role == "user", follows == "tool", let words = quirks.bridgeAfterTool {
                let bridge = ChatMessage(role: .assistant, text: words)
                var writer = JSONWriter(reserving: 64)
                bridge.write(to: &writer)
                let start = message.range.lowerBound
                splice.replace(start..<start, with: writer.bytes + [UInt8(ascii: ",")])
            }
            if role == "developer", quirks.onlySystemRole, let value = message.member("role") {
                splice.replace(value.range, with: Self.string("system"))
            }
            editMessage(message, role: role, at: index)
            follows = role
        }
    }

    private mutating func editMessage(_ message: JSONView, role: String, at index: Int) {
        let isAssistant = role == "assistant"
        // Where the members are is asked for only where something is taken out.
        var known: JSONObjectLayout?
        func layout() -> JSONObjectLayout {
            if let known { return known }
            let layout = message.objectLayout ?? JSONObjectLayout(range: message.range, members: [])
            known = layout
            return layout
        }
        if isAssistant, quirks.history != nil || quirks.wantsReasoningWithCalls {
            editReasoning(message, layout(), at: index)
        }
        for (place, member) in message.members.enumerated() {
            let name = member.key.string() ?? ""
            switch name {
            case "role": continue
            case "reasoning_content", "reasoning":
                if isAssistant, quirks.history != nil || quirks.wantsReasoningWithCalls { continue }
            case "tool_calls": if let length = quirks.callIDLength { editIDs(of: member.value, length) }
            case "tool_call_id": if let length = quirks.callIDLength { editID(member.value, length) }
            default: break
            }
            if isAssistant, quirks.refusesNull, member.value.isNull {
                splice.removeMember(place, of: layout())
                continue
            }
            let isTaken = quirks.messageMembers?.contains(name) ?? true
            guard !isTaken || quirks.dropFromMessages.contains(name) else { continue }
            splice.removeMember(place, of: layout())
            if !member.value.isNull { dropped.add(name, in: "messages[\(index)]") }
        }
    }

    // MARK: Reasoning

    private mutating func editReasoning(_ message: JSONView, _ layout: JSONObjectLayout, at index: Int) {
        var text: (place: Int, member: JSONView.Member)?
        for (place, member) in message.members.enumerated() {
            guard member.key.equalsString("reasoning_content") || member.key.equalsString("reasoning") else { continue }
            // Where both are there they say the same.
            if let text, !text.member.value.isNull {
                splice.removeMember(place, of: layout)
            } else {
                if let text { splice.removeMember(text.place, of: layout) }
                text = (place, member)
            }
        }
        switch quirks.history {
        case .reasoning:
            guard let text else { return }
            if text.member.key.equalsString("reasoning_content") {
                replaceKey(text.member.key.range, with: "reasoning")
            }
        case .parts:
            guard let text else { return }
            splice.removeMember(text.place, of: layout)
            if let words = text.member.value.string(), !words.isEmpty { putIntoContent(words, message, layout) }
        case .omitted:
            guard let text else { return }
            splice.removeMember(text.place, of: layout)
            if !text.member.value.isNull { dropped.add(text.member.key.string() ?? "", in: "messages[\(index)]") }
        case nil:
            if let text {
                if text.member.value.isNull { splice.replace(text.member.value.range, with: Self.string("")) }
                if text.member.key.equalsString("reasoning") {
                    replaceKey(text.member.key.range, with: "reasoning_content")
                }
            } else if message.member("tool_calls")?.elements.contains(where: { _ in true }) == true {
                splice.insertMember(Array("reasoning_content".utf8), value: Self.string(""), into: layout)
            }
        }
    }

    /// Puts reasoning before what is said, as a part of the content.
    private mutating func putIntoContent(_ words: String, _ message: JSONView, _ layout: JSONObjectLayout) {
        let content = message.member("content")
        // A content that brings its reasoning along has it already.
        if let content, content.elements.contains(where: { $0.member("type")?.equalsString("thinking") == true }) {
            return
        }
        var writer = JSONWriter(reserving: words.utf8.count + 96)
        writer.array { writer in
            writer.object { writer in
                writer.member("type", "thinking")
                writer.key("thinking")
                writer.array { writer in
                    writer.object { writer in
                        writer.member("type", "text")
                        writer.member("text", words)
                    }
                }
            }
            if let text = content?.string(), !text.isEmpty {
                writer.object { writer in
                    writer.member("type", "text")
                    writer.member("text", text)
                }
            } else if let content {
                for part in content.elements { writer.raw(part) }
            }
        }
        if let content {
            splice.replace(content.range, with: writer.bytes)
        } else {
            splice.insertMember(Array("content".utf8), value: writer.bytes, into: layout)
        }
    }

    // MARK: Ids of calls

    private mutating func editIDs(of calls: JSONView, _ length: Int) {
        for call in calls.elements {
            if let id = call.member("id") { editID(id, length) }
        }
    }

    /// Replaces an id that the server would refuse; the same id becomes the same one everywhere.
    private mutating func editID(_ id: JSONView, _ length: Int) {
        guard let text = id.string(), !MadeCallID.isFine(text, length: length) else { return }
        splice.replace(id.range, with: Self.string(MadeCallID.make(from: text, length: length)))
    }
}

/// Ids of tool calls for servers that take only some.
enum MadeCallID {
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Whether an id is of the length, and of letters and digits alone.
    static func isFine(_ id: String, length: Int) -> Bool {
        id.utf8.count == length && id.utf8.allSatisfy { digits.contains($0) }
    }

    /// An id that depends on nothing but another one: FNV-1a of 64 bits, in base 62.
    static func make(from id: String, length: Int) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var rest = hash
        let bytes = (0..<max(0, min(length, 64))).map { _ in
            let digit = digits[Int(rest % 62)]
            rest /= 62
            if rest == 0 {
                hash = (hash ^ 0xFF) &* 0x100_0000_01B3
                rest = hash
            }
            return digit
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

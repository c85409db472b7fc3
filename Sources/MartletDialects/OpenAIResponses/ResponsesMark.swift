import MartletCore
import MartletWire

/// Members that stand among the unknown ones of messages and parts and say what the shared words have no place for.
///
/// Their names begin with `#`, so that nothing a client sends is taken for them; they never leave this codec.
enum ResponsesMark {
    /// On a message that was the member `instructions`.
    static let instructions = ExtraMember(name: "#instructions", value: JSONText("true"))
    /// On the first part of an assistant's message item: the members of the item but for role and content.
    static let item = "#item"
    /// On the result of a tool: the type of the item where it is not that of a function.
    static let type = "#type"
    /// On a message that has no item type, as clients write it in short: nothing but role and content.
    static let string = "#string"

    /// On a request whose items stood in `messages`.
    static let messages = ExtraMember(name: "#messages", value: JSONText("true"))

    /// On a turn of the model that was one message of chat completions, with its calls.
    static let chat = ExtraMember(name: "#chat", value: JSONText("true"))
    /// On a request that goes on from a response: how many items come from there.
    static let history = "#history"

    /// How many items come from a response that is kept.
    static func historyCount(_ extra: [ExtraMember]) -> Int {
        guard let value = extra.value(history), let count = Int(String(decoding: value.bytes, as: UTF8.self)) else {
            return 0
        }
        return min(max(0, count), 1 << 20)
    }

    /// Whether a member is one of these.
    static func isMark(_ member: ExtraMember) -> Bool { member.name.utf8.first == UInt8(ascii: "#") }
}

extension [ExtraMember] {
    /// The members a client sent.
    var withoutMarks: [ExtraMember] { filter { !ResponsesMark.isMark($0) } }

    /// These members and those of an object inside, without some names; of two with one name the first.
    ///
    /// Chat completions nest what stands side by side here.
    func joined(_ inner: [ExtraMember], without names: String...) -> [ExtraMember] {
        var joined: [ExtraMember] = []
        for member in self + inner where !names.contains(member.name) {
            if !joined.contains(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) { joined.append(member) }
        }
        return joined
    }

    /// The value of a member where it is a string.
    func string(_ name: String) -> String? {
        guard let value = value(name), let document = try? JSONDocument(value.bytes) else { return nil }
        return document.withView { $0.string() }
    }
}

extension JSONText {
    /// The value without line breaks, which would end a line of an event; in JSON they stand between tokens only.
    var oneLine: [UInt8] {
        bytes.contains { $0 == 0x0A || $0 == 0x0D } ? bytes.filter { $0 != 0x0A && $0 != 0x0D } : bytes
    }
}

extension ChatMessage {
    /// Whether the message was the member `instructions`.
    var isInstructions: Bool { extra.value("#instructions") != nil }
}

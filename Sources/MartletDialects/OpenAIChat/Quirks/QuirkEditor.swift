import MartletCore
import MartletWire

/// Makes the edits that a server's quirks ask for in the body of a chat completion; every other byte stays.
///
/// It works on bytes, so that a request that was written here and one that passes are treated alike.
struct QuirkEditor {
    let quirks: ChatQuirks
    /// Members that speak to the gateway; others take them out and nobody misses them.
    let ours: RequestFacts.GatewayMembers
    /// The edits, and those that were there before.
    var splice: JSONSplice
    /// What is left out.
    var dropped = DroppedPaths()
    /// The members of the body that edits of others depend on.
    private var members: [Member] = []
    private var layout = JSONObjectLayout(range: 0..<0, members: [])

    /// One member of the body.
    struct Member {
        let index: Int
        let name: String
        let key: Range<Int>
        let value: JSONView
    }

    init(_ quirks: ChatQuirks, splice: JSONSplice = JSONSplice(), ours: RequestFacts.GatewayMembers = []) {
        self.quirks = quirks
        self.splice = splice
        self.ours = ours
    }

    /// Adds the edits of a whole body.
    mutating func edit(_ root: JSONView) {
        guard let layout = root.objectLayout else { return }
        self.layout = layout
        members = root.members.enumerated().map { index, member in
            Member(index: index, name: member.key.string() ?? "", key: member.key.range, value: member.value)
        }
        limitTokens()
        countLogprobs()
        for member in members { edit(member) }
    }

    private mutating func edit(_ member: Member) {
        switch member.name {
        case "model": return
        case "max_tokens", "max_completion_tokens": if quirks.tokenLimit != nil { return }
        case "logprobs", "top_logprobs": if quirks.countsLogprobs { return }
        case "messages": return editMessages(member.value)
        case "tools": return editTools(member.value)
        case "tool_choice": return editToolChoice(member)
        case "reasoning_effort": return editEffort(member)
        case "response_format": if !editFormat(member) { return }
        default: if isOurs(member) { return }
        }
        if let rename = quirks.rename.first(where: { $0.from == member.name }) {
            if self[rename.to] == nil { return replaceKey(member.key, with: rename.to) }
            return leaveOut(member)
        }
        let isTaken = quirks.members?.contains(member.name) ?? true
        if !isTaken || quirks.drop.contains(member.name) { leaveOut(member) }
    }

    // MARK: Members

    /// A member of the body.
    subscript(_ name: String) -> Member? { members.first { $0.name == name } }

    /// Takes a member out and names it, unless it says nothing.
    mutating func leaveOut(_ member: Member) {
        splice.removeMember(member.index, of: layout)
        if !Self.saysNothing(member.name, member.value) { dropped.add(member.name, in: "") }
    }

    /// Takes a member out that something else stands for.
    mutating func remove(_ member: Member) { splice.removeMember(member.index, of: layout) }

    mutating func insert(_ name: String, _ value: [UInt8]) {
        splice.insertMember(Array(name.utf8), value: value, into: layout)
    }

    mutating func replaceKey(_ key: Range<Int>, with name: String) { splice.replace(key, with: Self.string(name)) }

    static func string(_ text: String) -> [UInt8] {
        var writer = JSONWriter(reserving: text.utf8.count + 2)
        writer.string(text)
        return writer.bytes
    }

    static func saysNothing(_ name: String, _ value: JSONView) -> Bool {
        value.isNull || value.range.count <= 64 && SilentMembers.contains(name, value.text)
    }

    private func isOurs(_ member: Member) -> Bool {
        guard !ours.isEmpty else { return false }
        switch member.name {
        case "route": return ours.contains(.route)
        case "fallbacks": return ours.contains(.fallbacks)
        case "provider": return ours.contains(.provider)
        case "smart_routing": return ours.contains(.smartRouting)
        case "tensorzero::credentials": return ours.contains(.credentials)
        default: return false
        }
    }

    // MARK: Limits

    private mutating func limitTokens() {
        guard let limit = quirks.tokenLimit else { return }
        let older = self["max_tokens"]
        let newer = self["max_completion_tokens"]
        let (wanted, other, name) =
            limit == .maxTokens ? (older, newer, "max_tokens") : (newer, older, "max_completion_tokens")
        guard let other else { return }
        guard let wanted else {
            if limit != .either { replaceKey(other.key, with: name) }
            return
        }
        // Of two limits the lower one holds.
        remove(other)
        guard let second = other.value.int64() else { return }
        guard let first = wanted.value.int64() else {
            if wanted.value.isNull { splice.replace(wanted.value.range, with: other.value.rawBytes) }
            return
        }
        guard first != second else { return }
        if second < first { splice.replace(wanted.value.range, with: other.value.rawBytes) }
        dropped.add(second < first ? wanted.name : other.name, in: "")
    }

    private mutating func countLogprobs() {
        guard quirks.countsLogprobs else { return }
        let top = self["top_logprobs"]
        if let top { remove(top) }
        guard let asked = self["logprobs"] else { return }
        switch asked.value.bool() {
        case true?: splice.replace(asked.value.range, with: Array("\(max(1, top?.value.int64() ?? 1))".utf8))
        case false?: remove(asked)
        case nil: if asked.value.isNull { remove(asked) }
        }
    }

    private mutating func editEffort(_ member: Member) {
        guard let effort = member.value.string() else { return }
        if effort == "none", let none = quirks.noEffort {
            remove(member)
            if self[none.name] == nil { insert(none.name, none.value.bytes) }
        } else if let other = quirks.efforts.first(where: { $0.from == effort }) {
            splice.replace(member.value.range, with: Self.string(other.to))
        } else if quirks.drop.contains(member.name) || quirks.members?.contains(member.name) == false {
            leaveOut(member)
        }
    }
}

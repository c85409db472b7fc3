import MartletCore
import MartletWire

/// The members a request is read for.
struct ResponsesFactsReader: MemberReader {
    var facts = RequestFacts()
    var state = OpenAIResponsesFacts.State()
    var cursor: JSONCursor
    private var hasInput = false
    private var hasMessages = false
    private var standsForInput = false

    init(cursor: JSONCursor) { self.cursor = cursor }

    private static let largest = Int64(Int32.max)

    mutating func read(_ member: JSONMember) throws(GatewayError) {
        let key = JSONCursor.Text(member)
        cursor.index = member.value.lowerBound
        switch member.keyHasEscapes ? cursor.decoded(key).count : member.key.count {
        case 4: if isKey(key, "user") { try readUser(member) } else if isKey(key, "text") { try object(member, "text") }
        case 5:
            if isKey(key, "model") {
                facts.modelValue = member.value
                facts.model = try modelName(member.kind, param: "model")
            } else if isKey(key, "input") {
                try readInput(member)
            } else if isKey(key, "tools") {
                try readTools(member)
            } else if isKey(key, "route") {
                try readRoute(member)
            } else if isKey(key, "store") {
                state.isStored = try boolean(member, "store") ?? true
            } else if isKey(key, "top_p") {
                try float(member, "top_p", 0...1)
            }
        case 6:
            if isKey(key, "stream") {
                facts.stream = try boolean(member, "stream") ?? false
            } else if isKey(key, "prompt") {
                standsForInput = standsForInput || member.kind != .null
            }
        case 8:
            if isKey(key, "messages") {
                try readMessages(member)
            } else if isKey(key, "metadata") {
                try readMetadata(member)
            } else if isKey(key, "provider") {
                try readProvider(member)
            }
        case 9:
            if isKey(key, "fallbacks") {
                try readFallbacks(member)
            } else if isKey(key, "reasoning") {
                try object(member, "reasoning")
            }
        case 10: if isKey(key, "background") { try readBackground(member) }
        case 11: if isKey(key, "temperature") { try float(member, "temperature", 0...2) }
        case 12:
            if isKey(key, "conversation") {
                standsForInput = standsForInput || member.kind != .null
            } else if isKey(key, "top_logprobs") {
                _ = try integer(member, "top_logprobs", 0...20)
            }
        case 13:
            if isKey(key, "smart_routing") {
                facts.smartRouting = try boolean(member, "smart_routing")
                facts.gatewayMembers.insert(.smartRouting)
            }
        case 14:
            if isKey(key, "stream_options") {
                try object(member, "stream_options")
                if member.kind == .object { facts.streamOptions = member.value }
            }
        case 17:
            if isKey(key, "max_output_tokens") {
                facts.maxCompletionTokens = try integer(member, "max_output_tokens", 1...Self.largest)
            }
        case 19: if isKey(key, "parallel_tool_calls") { _ = try boolean(member, "parallel_tool_calls") }
        case 20: if isKey(key, "previous_response_id") { try readPrevious(member) }
        case 23: if isKey(key, "tensorzero::credentials") { facts.gatewayMembers.insert(.credentials) }
        default: break
        }
    }

    func finish() throws(GatewayError) {
        guard hasInput || hasMessages || standsForInput else {
            throw GatewayError(.missingRequiredParameter, "Missing required parameter: 'input'.", param: "input")
        }
    }

    @inline(__always)
    private func isKey(_ key: JSONCursor.Text, _ name: StaticString) -> Bool { cursor.key(key, is: name) }
}

extension ResponsesFactsReader {
    private mutating func readInput(_ member: JSONMember) throws(GatewayError) {
        switch member.kind {
        case .null: return
        case .string:
            hasInput = true
            facts.messageCount = 1
        case .array:
            hasInput = member.count > 0
            try readItems(member, "input")
        default: throw .invalid("input", "must be a string or an array")
        }
    }

    private mutating func readMessages(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .array else { throw .invalid("messages", "must be an array") }
        hasMessages = member.count > 0
        // Where both stand the input counts.
        if hasMessages, !hasInput { try readItems(member, "messages") }
        state.usesMessages = true
    }

    private mutating func readItems(_ member: JSONMember, _ name: StaticString) throws(GatewayError) {
        guard member.count <= ResponsesItems.most else {
            throw .invalid("\(name)", "must have at most \(ResponsesItems.most) elements")
        }
        facts.messageCount = member.count
        guard cursor.enter(UInt8(ascii: "[")) else { return }
        var index = 0
        while cursor.nextElement() {
            guard cursor.enter(UInt8(ascii: "{")) else { throw .invalid("\(name)[\(index)]", "must be an object") }
            readItem()
            index += 1
        }
    }

    /// Moves over an item and counts the output of a tool, which is prompt text as well.
    private mutating func readItem() {
        var hasRole = false
        var hasType = false
        while let key = cursor.nextKey() {
            if cursor.key(key, is: "output"), cursor.current == UInt8(ascii: "\"") {
                facts.textBytes += cursor.string()?.length ?? 0
            } else if cursor.key(key, is: "type"), let text = cursor.string() {
                hasType = true
                if cursor.equals(text.start, text.end - text.start, "item_reference") { state.hasReferences = true }
            } else if cursor.key(key, is: "encrypted_content"), let text = cursor.string() {
                if text.length >= 6, cursor.equals(text.start, 6, ResponsesSeal.mark) { state.hasSeals = true }
            } else {
                if cursor.key(key, is: "role") { hasRole = true }
                cursor.skipValue()
            }
        }
        if !hasRole, !hasType { state.hasReferences = true }
    }

    private mutating func readTools(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .array else { throw .invalid("tools", "must be an array") }
        guard member.count <= OpenAIChatFacts.maxTools else {
            throw .invalid("tools", "must have at most \(OpenAIChatFacts.maxTools) elements")
        }
        facts.toolCount = member.count
        facts.toolBytes = member.value.count
        guard !member.holdsOnlyObjects, cursor.enter(UInt8(ascii: "[")) else { return }
        var index = 0
        while cursor.nextElement() {
            guard cursor.current == UInt8(ascii: "{") else { throw .invalid("tools[\(index)]", "must be an object") }
            cursor.skipContainer()
            index += 1
        }
    }

    private mutating func readPrevious(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .string, let text = cursor.string(), 1...256 ~= text.length else {
            throw .invalid("previous_response_id", "must be a string of 1 to 256 bytes")
        }
        state.previousResponseID = String(decoding: cursor.decoded(text), as: UTF8.self)
        standsForInput = true
    }

    private mutating func readBackground(_ member: JSONMember) throws(GatewayError) {
        guard try boolean(member, "background") == true else { return }
        throw GatewayError(
            .invalidValue,
            "Responses in the background are not supported: send the request without 'background', with 'stream' "
                + "to see the answer as it is made.",
            param: "background"
        )
    }
}

extension ResponsesFactsReader {

    private func object(_ member: JSONMember, _ name: StaticString) throws(GatewayError) {
        guard member.kind == .object || member.kind == .null else { throw .invalid("\(name)", "must be an object") }
    }
}

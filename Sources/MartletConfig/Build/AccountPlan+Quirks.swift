internal import MartletCore
internal import MartletProviders
internal import MartletRouting

extension ModelCapabilities {
    /// What a model can do behind a server with quirks.
    func heeding(_ quirks: ChatQuirks?) -> ModelCapabilities {
        var capabilities = self
        if quirks?.formats == .objectOnly { capabilities.jsonSchema = false }
        return capabilities
    }
}

/// Reads what an account says about its server, over what its type says.
struct QuirkReader {
    let table: ConfigTable

    /// Changes the declaration of a type for one account.
    func apply(to descriptor: inout ProviderDescriptor) {
        if let name = table["auth_header"]?.string { descriptor.authHeader = name.lowercased() }
        if let prefix = table["auth_prefix"]?.string { descriptor.authPrefix = prefix }
        if let takes = table["stream_usage"]?.boolean { descriptor.acceptsStreamUsage = takes }
        guard let table = table["quirks"]?.table else { return }
        if let text = table["continues"]?.string {
            descriptor.continuation = TextContinuation(rawValue: text)
            descriptor.continuationIsSet = true
        }
        var quirks = descriptor.chatQuirks ?? ChatQuirks()
        if let text = table["token_limit"]?.string { quirks.tokenLimit = ChatQuirks.TokenLimit(rawValue: text) }
        if let text = table["history"]?.string { quirks.history = ChatQuirks.ReasoningHistory(rawValue: text) }
        if let text = table["formats"]?.string { quirks.formats = ChatQuirks.Formats(rawValue: text) }
        if let names = table["members"]?.strings { quirks.members = names }
        if let names = table["message_members"]?.strings { quirks.messageMembers = names }
        if let length = table["call_id_length"]?.integer { quirks.callIDLength = length }
        for (name, path) in Self.flags {
            if let value = table[name]?.boolean { quirks[keyPath: path] = value }
        }
        descriptor.chatQuirks = quirks == ChatQuirks() ? nil : quirks
    }

    /// Quirks that are there or not, by their keys.
    static var flags: [(name: String, path: WritableKeyPath<ChatQuirks, Bool>)] {
        [
            ("only_system_role", \.onlySystemRole), ("refuses_null", \.refusesNull),
            ("refuses_strict", \.refusesStrict), ("refuses_forced_tools", \.refusesForcedTools),
            ("refuses_tools_in_streams", \.refusesToolsInStreams), ("thinks_in_tags", \.thinksInTags),
            ("wants_reasoning_with_calls", \.wantsReasoningWithCalls), ("rewrites_answers", \.rewritesAnswers),
        ]
    }
}

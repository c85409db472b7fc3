import MartletCore
import MartletProviders

/// A provider's declaration in words, for the page about providers.
struct ProviderWords {
    let descriptor: ProviderDescriptor

    private func code(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    /// The lines of the provider's part of the page.
    var lines: [String] {
        var lines = ["### \(descriptor.title)", "", "| | |", "|---|---|"]
        func row(_ name: String, _ value: String) { lines.append("| \(name) | \(value) |") }
        row("`type`", code([descriptor.kind.rawValue] + descriptor.shortNames))
        row("Wire format", format(descriptor.dialect))
        if !descriptor.otherDialects.isEmpty {
            row("Also spoken", descriptor.otherDialects.map(format).joined(separator: ", "))
        }
        row("Address", address)
        row("Key", key)
        if !descriptor.headers.isEmpty {
            row("Sent besides", code(descriptor.headers.map { "\($0.name): \($0.value)" }))
        }
        row("Embeddings", hasEmbeddings ? "yes" : "no")
        if let gap = descriptor.gapFilling {
            row(
                "Gaps between two texts",
                "`\(gap.path ?? gap.route.path)`\(gap.route.needsFamily ? ", with the tokens of the model's family" : "")"
            )
        }
        if let profiles = descriptor.profiles {
            row("Profiles", "names with \(code(profiles.prefixes.map(\.text).sorted())) before a model's own")
        }
        if descriptor.reportsCost { row("Cost", "what the provider itself says a call cost is what counts") }
        if !descriptor.acceptsStreamUsage { row("Usage of streams", "told unasked; `stream_options` is not sent") }
        lines.append("")
        let quirks = descriptor.chatQuirks.map(ChatQuirkWords.init)?.sentences ?? []
        if !quirks.isEmpty { lines += quirks.map { "- \($0)" } + [""] }
        return lines
    }

    private var hasEmbeddings: Bool {
        switch descriptor.dialect {
        case .anthropicMessages, .anthropicVertex, .sageMakerChat, .bedrockAnthropic, .simpleChat: false
        default: descriptor.hasEmbeddings
        }
    }

    private var address: String {
        var parts: [String] = []
        if let url = descriptor.baseURL {
            parts.append("`\(url)`")
        } else if let place = descriptor.place {
            parts.append("`https://\(place.host)\(place.path)`, from \(code(place.keys))")
        } else {
            parts.append("`base_url` must be set")
        }
        if !descriptor.baseURLVariables.isEmpty {
            parts.append("or \(code(descriptor.baseURLVariables))")
        }
        if let path = descriptor.basePath { parts.append("; without a path: `\(path)`") }
        if let path = descriptor.versionedBasePath {
            parts.append(", or with `api_version`: `\(path)`, and `?api-version=…` behind every path")
        }
        return parts.joined(separator: " ").replacing(" ;", with: ";").replacing(" ,", with: ",")
    }

    private var key: String {
        switch descriptor.scheme {
        case .field, .entra: break
        case .awsSigV4:
            let token =
                descriptor.credentialVariables.isEmpty ? "" : "; or a token: \(code(descriptor.credentialVariables))"
            return "the keys that AWS's own tools find, with which requests are signed\(token)"
        case .google:
            let file = code(descriptor.credentialVariables)
            return
                "a file of credentials, named by \(file), or those that Google's own tools find; requests carry tokens"
        }
        if descriptor.credential == .none { return "none" }
        let value =
            descriptor.authHeader.isEmpty ? "" : ", sent as `\(descriptor.authHeader): \(descriptor.authPrefix)…`"
        let variables = descriptor.credentialVariables.isEmpty ? "" : " \(code(descriptor.credentialVariables))"
        var other = ""
        if case .entra = descriptor.scheme { other = "; or a token of Microsoft Entra ID" }
        let need = descriptor.credential == .required ? "required" : "optional"
        return need + (variables.isEmpty ? "" : ":") + variables + value + other
    }

    private func format(_ dialect: Dialect) -> String {
        switch dialect {
        case .openAIChat: "OpenAI chat completions"
        case .openAIResponses: "OpenAI responses"
        case .openAICompletions: "OpenAI completions"
        case .anthropicMessages: "Anthropic messages"
        case .ollamaChat: "Ollama chat"
        case .ollamaGenerate: "Ollama generate"
        case .simpleChat: "one message"
        case .mock: "built in; nobody is called"
        case .gemini: "Gemini's `generateContent`"
        case .anthropicVertex: "Anthropic messages on Vertex AI"
        case .bedrockConverse: "Bedrock Converse"
        case .bedrockAnthropic: "Anthropic messages by Bedrock's InvokeModel"
        case .sageMakerChat: "OpenAI chat completions by SageMaker's InvokeEndpoint"
        }
    }
}

/// The quirks of chat completions in words.
struct ChatQuirkWords {
    let quirks: ChatQuirks

    init(_ quirks: ChatQuirks) { self.quirks = quirks }

    private func code(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    /// One sentence a quirk.
    var sentences: [String] { members + messages + tools + answers }

    private var members: [String] {
        var out: [String] = []
        switch quirks.tokenLimit {
        case .maxTokens:
            out.append("`max_completion_tokens` is sent as `max_tokens`; of two limits the lower one holds.")
        case .maxCompletionTokens:
            out.append("`max_tokens` is sent as `max_completion_tokens`; of two limits the lower one holds.")
        case .either: out.append("Of `max_tokens` and `max_completion_tokens` only one is sent, the lower one.")
        case nil: break
        }
        if !quirks.drop.isEmpty { out.append("Left out of requests: \(code(quirks.drop)).") }
        if !quirks.dropForReasoning.isEmpty {
            out.append("Left out for models that are known to reason: \(code(quirks.dropForReasoning)).")
        }
        if let members = quirks.members { out.append("Only these members are sent: \(code(members)).") }
        for pair in quirks.rename { out.append("`\(pair.from)` is sent as `\(pair.to)`.") }
        if quirks.countsLogprobs { out.append("`logprobs` is sent as the number of `top_logprobs`.") }
        if !quirks.efforts.isEmpty {
            let pairs = quirks.efforts.map { "`\($0.from)` as `\($0.to)`" }.joined(separator: ", ")
            out.append("Of `reasoning_effort` is sent \(pairs).")
        }
        if let none = quirks.noEffort {
            let value = String(decoding: none.value.bytes, as: UTF8.self)
            out.append("`\"reasoning_effort\": \"none\"` is sent as `\"\(none.name)\": \(value)`.")
        }
        return out
    }

    private var messages: [String] {
        var out: [String] = []
        if quirks.onlySystemRole { out.append("The role `developer` is sent as `system`.") }
        if let members = quirks.messageMembers { out.append("Messages have only the members \(code(members)).") }
        if !quirks.dropFromMessages.isEmpty { out.append("Left out of messages: \(code(quirks.dropFromMessages)).") }
        if quirks.refusesNull { out.append("Members of an assistant's message that are null are left out.") }
        if let length = quirks.callIDLength {
            out.append(
                "Ids of tool calls that are not \(length) letters or digits are replaced, the same one by the same."
            )
        }
        if let words = quirks.bridgeAfterTool {
            out.append("Between the results of tools and a user's next words stands an assistant's `\(words)`.")
        }
        switch quirks.history {
        case .reasoning: out.append("Earlier reasoning is sent as `reasoning`.")
        case .parts: out.append("Earlier reasoning is sent as a `thinking` part of the content.")
        case .omitted: out.append("Earlier reasoning is left out.")
        case nil: break
        }
        if quirks.wantsReasoningWithCalls {
            out.append(
                "An assistant's message with tool calls always has `reasoning_content`, empty where none is known."
            )
        }
        return out
    }

    private var tools: [String] {
        var out: [String] = []
        if quirks.refusesStrict { out.append("`strict` is left out of tools.") }
        if !quirks.dropFromSchemas.isEmpty {
            out.append("Left out at the top of tools' schemas: \(code(quirks.dropFromSchemas)).")
        }
        if quirks.ignoresNoTools { out.append("For `\"tool_choice\": \"none\"` the tools are left out.") }
        if quirks.ignoresRequired {
            out.append("For `\"tool_choice\": \"required\"` the only tool there is gets named.")
        }
        if quirks.refusesToolsInStreams { out.append("Requests for streams with tools are refused.") }
        switch quirks.formats {
        case .objectOnly:
            out.append("A JSON Schema is asked for in words; answers are checked against it, and asked for once more.")
        case .schemaOnly: out.append("`json_object` is sent as a schema of any object.")
        case .value: out.append("Schemas are sent as `{\"type\":\"json_schema\",\"value\":…}`.")
        case nil: break
        }
        if quirks.refusesForcedTools { out.append("No tool is forced to get an answer of a shape.") }
        if quirks.refusesTextFormat {
            out.append("`\"response_format\": {\"type\": \"text\"}` is left out beside tools.")
        }
        if !quirks.shapeExcludes.isEmpty {
            let rivals = quirks.shapeExcludes.map { $0 == .tools ? "tools" : "streams" }.joined(separator: " and ")
            out.append(
                "Beside \(rivals) a JSON Schema is asked for in another way, since the server does not combine them."
            )
        }
        return out
    }

    private var answers: [String] {
        var out: [String] = []
        if quirks.thinksInTags {
            out.append(
                "A text that begins with `<think>…</think>` is reasoning for callers of other APIs; OpenAI's see it as it came."
            )
        }
        if quirks.returnsReasoningDetails {
            out.append(
                "`reasoning_details` goes to callers of Anthropic's messages and of responses as sealed reasoning, and back unchanged."
            )
        }
        if quirks.rewritesAnswers {
            out.append("Answers are written anew for every caller: they have forms that break clients of OpenAI.")
        }
        return out
    }
}

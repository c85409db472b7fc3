internal import MartletCore

extension PresetsFile {
    /// What sets a provider apart from others of its dialect, as the presets have it; all of it optional.
    struct Differences: Decodable {
        var baseUrlVariables: [String]?
        var basePath: String?
        var versionedBasePath: String?
        var beforeVersion: [Older]?
        var embeddings: Bool?
        var embeddingNames: [Pair]?
        var gap: Gap?
        var continues: TextContinuation?
        var chat: Chat?

        struct Older: Decodable {
            var version: String
            var streamUsage: Bool?
            var tokenLimit: ChatQuirks.TokenLimit?
            var formats: ChatQuirks.Formats?
        }

        struct Gap: Decodable {
            var route: FIMRoute
            var path: String?
        }

        struct Pair: Decodable {
            var from: String
            var to: String

            var rename: ChatQuirks.Rename { .init(from: from, to: to) }
        }

        func apply(to descriptor: inout ProviderDescriptor) {
            descriptor.baseURLVariables = baseUrlVariables ?? []
            descriptor.basePath = basePath
            descriptor.versionedBasePath = versionedBasePath
            descriptor.olderVersions = (beforeVersion ?? []).map { older in
                OlderVersion(
                    before: older.version,
                    acceptsStreamUsage: older.streamUsage,
                    tokenLimit: older.tokenLimit,
                    formats: older.formats
                )
            }
            descriptor.hasEmbeddings = embeddings ?? true
            descriptor.embeddingNames = (embeddingNames ?? []).map(\.rename)
            descriptor.gapFilling = gap.map { GapFilling(route: $0.route, path: $0.path) }
            descriptor.continuation = continues
            descriptor.chatQuirks = chat?.quirks
        }
    }
}

extension PresetsFile.Differences {
    /// Those of chat completions.
    struct Chat: Decodable {
        var tokenLimit: ChatQuirks.TokenLimit?
        var members: [String]?
        var drop: [String]?
        var dropForReasoning: [String]?
        var rename: [Pair]?
        var countsLogprobs: Bool?
        var efforts: [Pair]?
        var noEffort: Member?
        var messageMembers: [String]?
        var dropFromMessages: [String]?
        var refusesNull: Bool?
        var onlySystemRole: Bool?
        var callIdLength: Int?
        var bridgeAfterTool: String?
        var history: ChatQuirks.ReasoningHistory?
        var wantsReasoningWithCalls: Bool?
        var refusesStrict: Bool?
        var dropFromSchemas: [String]?
        var ignoresNoTools: Bool?
        var ignoresRequired: Bool?
        var refusesForcedTools: Bool?
        var refusesToolsInStreams: Bool?
        var formats: ChatQuirks.Formats?
        var refusesTextFormat: Bool?
        var shapeExcludes: [ChatQuirks.ShapeRival]?
        var thinksInTags: Bool?
        var returnsReasoningDetails: Bool?
        var rewritesAnswers: Bool?

        /// A member with its value as JSON text.
        struct Member: Decodable {
            var name: String
            var json: String
        }

        var quirks: ChatQuirks {
            var out = ChatQuirks()
            out.tokenLimit = tokenLimit
            out.members = members
            out.drop = drop ?? []
            out.dropForReasoning = dropForReasoning ?? []
            out.rename = (rename ?? []).map(\.rename)
            out.countsLogprobs = countsLogprobs ?? false
            out.efforts = (efforts ?? []).map(\.rename)
            out.noEffort = noEffort.map { ExtraMember(name: $0.name, value: JSONText($0.json)) }
            out.messageMembers = messageMembers
            out.dropFromMessages = dropFromMessages ?? []
            out.refusesNull = refusesNull ?? false
            out.onlySystemRole = onlySystemRole ?? false
            out.callIDLength = callIdLength
            out.bridgeAfterTool = bridgeAfterTool
            out.history = history
            out.wantsReasoningWithCalls = wantsReasoningWithCalls ?? false
            out.refusesStrict = refusesStrict ?? false
            out.dropFromSchemas = dropFromSchemas ?? []
            out.ignoresNoTools = ignoresNoTools ?? false
            out.ignoresRequired = ignoresRequired ?? false
            out.refusesForcedTools = refusesForcedTools ?? false
            out.refusesToolsInStreams = refusesToolsInStreams ?? false
            out.formats = formats
            out.refusesTextFormat = refusesTextFormat ?? false
            out.shapeExcludes = shapeExcludes ?? []
            out.thinksInTags = thinksInTags ?? false
            out.returnsReasoningDetails = returnsReasoningDetails ?? false
            out.rewritesAnswers = rewritesAnswers ?? false
            return out
        }
    }
}

extension FIMRoute: Decodable {}
extension ChatQuirks.TokenLimit: Decodable {}
extension ChatQuirks.ReasoningHistory: Decodable {}
extension ChatQuirks.Formats: Decodable {}
extension ChatQuirks.ShapeRival: Decodable {}

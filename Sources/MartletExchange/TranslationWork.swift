import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

/// All that a request in a target's format is made of, so that it can be made on any thread.
struct TranslationWork: Sendable {
    let target: Target
    /// The format that is spoken to the target.
    let spoken: Dialect
    let upstream: any ChatCodec
    let format: CallerFormat
    let stream: Bool
    let context: CallerContext
    let body: ByteBuffer
    /// The request as values, when it was read before.
    let typed: ChatRequest?
    /// Whether sealed reasoning is left out.
    let disownsReasoning: Bool

    /// The request in the target's format.
    struct Written: Sendable {
        let typed: ChatRequest
        let body: [UInt8]
        let fields: [HeaderField]
        let dropped: [String]
        let renamedTools: [String: String]
        /// What tells whether the prompt was shortened.
        let promptCheck: PromptCheck?
        /// What the answer must go through; `nil` where the target needs no help.
        let structured: StructuredOutput?
    }

    /// What comes of a request.
    enum Made: Sendable {
        /// It can be sent.
        case written(Written)
        /// The caller's own bytes can be sent, with these edits.
        case edited(JSONSplice)
        /// The target takes only bytes where the request has addresses, which must be fetched before.
        case addresses([MediaRequest.Item], ChatRequest)
    }

    /// Reads the caller's request and writes the target's.
    ///
    /// - Throws: ``GatewayError`` when the target cannot do what was asked for.
    func made() throws(GatewayError) -> Made {
        let caller: ChatRequest
        if let typed {
            caller = typed
        } else {
            caller = try format.request.codec(for: context).decodeRequest(Array(body.readableBytesView))
        }
        var request = caller
        var callerPath = format.request.callerPath
        var dropped: [String] = disownsReasoning ? request.disownReasoning().map(callerPath) : []
        if request.dialect == .openAIResponses, spoken != .openAIResponses {
            let lowered = try request.lowered(for: spoken)
            request = lowered.request
            dropped += lowered.dropped
            callerPath = lowered.callerPath
        }
        if !target.quirks.readsStorage { try request.refuseStorageAddresses(callerPath) }
        let addresses = request.addresses(foreignTo: spoken, callerPath)
        if !addresses.isEmpty { return .addresses(addresses, caller) }
        request.model = target.upstreamModel
        request.stream = stream
        let structured: StructuredOutput?
        do throws(GatewayError) {
            let started = try StructuredOutput.start(request, support(request))
            structured = started?.output
            if let started { request = started.request }
        } catch {
            throw error.naming(callerPath)
        }
        let encoded: EncodedRequest
        do throws(GatewayError) {
            encoded = try upstream.encodeRequest(request)
        } catch {
            throw error.naming(callerPath)
        }
        for path in (structured?.approximated ?? []) + encoded.dropped {
            let path = callerPath(path)
            if !dropped.contains(path) { dropped.append(path) }
        }
        return .written(
            Written(
                typed: caller,
                body: encoded.body,
                fields: encoded.headers.map { HeaderField(name: $0.name, value: $0.value) },
                dropped: dropped,
                renamedTools: encoded.renamedTools,
                promptCheck: encoded.promptCheck,
                structured: structured
            )
        )
    }

    private func support(_ request: ChatRequest) -> StructuredOutputSupport {
        var support = StructuredOutputSupport(
            spoken,
            traits: target.traits,
            followsSchemas: target.capabilities.jsonSchema,
            takesTools: target.capabilities.tools
        )
        if spoken == .openAIChat, let quirks = target.quirks.chat {
            support.heed(quirks, hasTools: request.tools?.isEmpty == false, isStream: stream)
        }
        if spoken == .sageMakerChat, let quirks = target.container.quirks {
            support.heed(quirks, hasTools: request.tools?.isEmpty == false, isStream: stream)
        }
        if spoken == .gemini, request.tools?.isEmpty == false {
            support.heed(GeminiModelTraits(model: target.upstreamModel))
        }
        return support
    }
}

extension GatewayError {
    /// The error with its field, and the words that name it, as the caller's body has them.
    func naming(_ callerPath: (String) -> String) -> GatewayError {
        guard let param else { return self }
        var error = self
        let path = callerPath(param)
        error.param = path
        error.message = message.replacing("'\(param)'", with: "'\(path)'")
        return error
    }
}

extension Dialect {
    /// The member of a request that asks for an answer of a certain shape; `nil` where a target of the format always can.
    var answerShapeMember: String? {
        switch self {
        case .openAIChat: "response_format"
        case .anthropicMessages, .anthropicVertex: "output_config"
        case .openAIResponses: "text"
        case .ollamaChat, .ollamaGenerate, .openAICompletions, .simpleChat, .mock, .gemini: nil
        // Nobody's bytes pass to them.
        case .bedrockConverse, .bedrockAnthropic, .sageMakerChat: nil
        }
    }
}

extension Target {
    /// What runs behind an endpoint of one's own.
    var container: SageMakerContainer {
        quirks.hosting.flatMap { SageMakerContainer(rawValue: $0.container) } ?? .openAI
    }
}

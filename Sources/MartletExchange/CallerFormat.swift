import MartletCore
import MartletDialects

/// The wire formats of the caller: of its request, and of the answer it waits for.
///
/// They differ where a client sends one API's body to another's path.
struct CallerFormat: Hashable {
    var request: Dialect
    var answer: Dialect

    /// The formats of an endpoint.
    init(_ dialect: Dialect) {
        request = dialect
        answer = dialect
    }

    /// The formats of `/fim/completions`: a prompt in, a chat's answer out.
    static var fim: CallerFormat {
        var format = CallerFormat(.openAICompletions)
        format.answer = .openAIChat
        return format
    }

    /// Whether a target that speaks a dialect takes the caller's bytes as they came and answers with its own.
    func passes(_ dialect: Dialect) -> Bool { request == dialect.callers && answer == dialect.callers }
}

extension Dialect {
    /// The dialect of the callers whose bytes a target of this one takes: its own, where it is the same but for the path
    /// and a member or two, another's.
    var callers: Dialect { self == .anthropicVertex ? .anthropicMessages : self }
}

extension Exchange {
    /// The request as values, made once, when something needs it.
    mutating func typed() throws(GatewayError) -> ChatRequest {
        if let typedRequest { return typedRequest.value }
        let request =
            endpoint == .fim
            ? try MistralFIMCodec().decodeRequest(body.bytes)
            : try format.request.codec(for: callerContext()).decodeRequest(body.bytes)
        typedRequest = Boxed(request)
        return request
    }

    /// What answers in the caller's dialect need.
    func callerContext(_ request: ChatRequest? = nil) -> CallerContext {
        CallerContext(
            id: id,
            created: Int64(receivedWall / 1_000),
            model: facts.model?.rawValue,
            estimatedInputTokens: facts.estimatedInputTokens,
            includeUsage: facts.includeUsage,
            requestID: requestID.description,
            request: request
        )
    }
}

import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting

/// What a request in OpenAI's responses needs that no other has: the conversation it goes on from, and its being kept.
struct ResponsesCall {
    /// What the body says about both.
    let state: OpenAIResponsesFacts.State
    /// The request as the caller sent it, once it was decoded; what goes upstream may have a history in front.
    var own: ChatRequest?
    /// Whether the conversation so far stands in front of the request that goes upstream.
    var hasHistory = false
    /// Whether the gateway does not know the response that it goes on from, so that only its maker can.
    var goesOnUpstream = false

    init(_ state: OpenAIResponsesFacts.State) { self.state = state }

    /// Whether a target of this dialect takes the caller's bytes as they came.
    ///
    /// Ids in them are the target's own: those that the gateway knows were replaced by what they stand for.
    var canPass: Bool { !state.usesMessages && !state.hasSeals && !hasHistory }
}

extension RequestBody {
    /// What the gateway needs to know of a body in OpenAI's responses.
    func responsesFacts() throws(GatewayError) -> (facts: RequestFacts, state: OpenAIResponsesFacts.State) {
        try unsafe reading { (bytes, scanner) throws(GatewayError) in
            unsafe try OpenAIResponsesFacts.readAll(bytes, scanner: scanner)
        }
    }
}

extension Exchange {
    /// What is known of the body of a chat.
    mutating func readFacts() throws(GatewayError) -> RequestFacts {
        guard format.request == .openAIResponses else { return try body.facts(format.request, isCount: isCount) }
        let read = try body.responsesFacts()
        responses = Boxed(ResponsesCall(read.state))
        return read.facts
    }

    /// The request as the caller sent it, as values.
    mutating func ownRequest() throws(GatewayError) -> ChatRequest {
        if let own = responses?.value.own { return own }
        return try typed()
    }

    /// Leaves the targets that may know the response which the request goes on from, when the gateway does not.
    ///
    /// - Throws: `previous_response_not_found` when none is left.
    func keepWhatGoesOn(_ plan: inout Plan) throws(GatewayError) {
        guard let responses, responses.value.goesOnUpstream else { return }
        plan.targets = plan.targets.filter { $0.spoken(for: .openAIResponses) == .openAIResponses }
        guard plan.targets.isEmpty, let id = responses.value.state.previousResponseID else { return }
        throw .previousResponseNotFound(id)
    }

    /// Remembers the request for the end of a stream that is to be kept, before what is not needed any more is let go.
    mutating func rememberOwnRequest(_ leg: LegID) {
        guard responses != nil else { return }
        let keeps = keepsAnswer && call?.index(of: leg).flatMap { call?.legs[$0].passesBytes } == false
        let own = responses?.value.own ?? typedRequest?.value
        responses?.value.own = keeps ? own : nil
    }

    /// Whether an answer that the gateway wrote itself is kept.
    private var keepsAnswer: Bool {
        guard let responses, format.answer == .openAIResponses else { return false }
        // What goes on from a response of an upstream's has a history that is not here.
        return responses.value.state.isStored && !responses.value.goesOnUpstream
    }

    /// Has the response kept, if the caller wants that; stands before the bytes that end the answer, so that a request
    /// which comes after them finds it.
    ///
    /// - Parameter response: The response object; `nil` where the bytes passed, which their maker keeps itself.
    func keep(_ response: [UInt8]?, _ actions: inout ActionList) {
        guard responses != nil, keepsAnswer, let response, let key = principal?.key,
            let own = responses?.value.own ?? typedRequest?.value
        else { return }
        let created = Int64(receivedWall / 1_000)
        actions.add(
            .keep(
                AnswerToKeep(
                    key: key,
                    request: own,
                    requestBytes: facts.bodyBytes,
                    response: response,
                    createdAt: created
                )
            )
        )
    }
}

extension GatewayError {
    /// A response that a request goes on from is not known to its caller.
    static func previousResponseNotFound(_ id: String) -> GatewayError {
        GatewayError(
            .previousResponseNotFound,
            "Previous response with id '\(id)' not found.",
            param: "previous_response_id"
        )
    }
}

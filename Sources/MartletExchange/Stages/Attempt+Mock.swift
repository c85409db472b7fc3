import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// The built-in model: decode → chunks → encode, without a call.
extension Exchange {
    mutating func answerFromMock(_ id: LegID, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        if embedding != nil { return vectorsFromMock(id, &env, &actions) }
        let request: ChatRequest
        let own: ChatRequest
        do throws(GatewayError) {
            request = try typed()
            own = try ownRequest()
        } catch {
            // Nothing was called: the request itself is at fault.
            let provider = answeringTarget?.account.rawValue ?? "none"
            if let index = call?.index(of: id), let leg = call?.legs.remove(at: index) {
                env.attemptEnded(on: leg.target, leg.permit, .abandoned)
            }
            call?.outcomes.append(.init(provider: provider, outcome: "client_error"))
            return fail(with: error, &env, &actions)
        }
        recordIntent(of: id, &env, &actions)
        let model = MockModel()
        let created = Int64(receivedWall / 1_000)
        answer.usage = model.usage(for: request)
        answer.status = 200
        answer.sentAt = env.now
        answer.upstreamEnded = env.now
        call?.winner = id
        stage = .relay
        trace.add(.committed, call?.machine.target ?? 0, 200)
        if facts.stream {
            streamMock(model.chunks(for: request, id: answerID, created: created), own, &env, &actions)
        } else {
            let response = model.response(for: request, id: answerID, created: created)
            let written = callerCodec(own).encodeResponse(response)
            let bytes = ByteBuffer(bytes: written)
            var head = ResponseHead(
                status: 200,
                contentType: "application/json",
                contentLength: bytes.readableBytes,
                facts: answerFacts()
            )
            head.facts.cost = answer.usage.flatMap { currentTarget?.price?.cost(of: $0) }
            settle(.settled, &env, &actions)
            keep(written, &actions)
            actions.add(.respond(head))
            actions.add(.body(bytes))
            actions.add(.endBody)
        }
    }

    private var answerID: String { "chatcmpl-" + id.description }

    private func callerCodec(_ request: ChatRequest) -> any ChatCodec {
        format.answer.codec(for: callerContext(format.answer.repeatsRequest ? request : nil))
    }

    private mutating func streamMock(
        _ chunks: [ChatChunk],
        _ request: ChatRequest,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        answer.isCommitted = true
        answer.firstToken = .zero
        actions.add(.respond(streamHead()))
        var encoder: any ChatStreamEncoder = callerCodec(request).makeStreamEncoder(includeUsage: facts.includeUsage)
        for chunk in chunks {
            var event: [UInt8] = []
            encoder.encode(chunk, into: &event)
            actions.add(.body(ByteBuffer(bytes: event)))
        }
        var rest: [UInt8] = []
        encoder.finish(into: &rest)
        settle(.settled, &env, &actions)
        keep((encoder as? OpenAIResponsesStreamEncoder)?.finalResponse, &actions)
        actions.add(.body(ByteBuffer(bytes: rest)))
        actions.add(.endBody)
    }
}

import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// Requests whose bytes pass: only the model's name is changed, and nobody looks at the answer.
extension Exchange {
    /// Leaves the targets that have OpenAI's API; which of its endpoints they have, they say themselves.
    ///
    /// - Throws: `unsupported_parameter` when none is left.
    func keepWhatPasses(_ plan: inout Plan) throws(GatewayError) {
        guard let passThrough else { return }
        plan.targets = plan.targets.filter { $0.dialect == .openAIChat }
        guard plan.targets.isEmpty else { return }
        throw GatewayError(
            .unsupportedParameter,
            "No target of the model `\(plan.label)` has \(passThrough.path): it needs an OpenAI-compatible provider.",
            param: "model"
        )
    }

    /// The plan of a request whose bytes pass and that names no model: the first account, by name, that has all of
    /// OpenAI's API, else the first that has its chats, among those that provider and route leave.
    func planWithoutModel(_ request: PlanRequest) throws(GatewayError) -> Plan? {
        guard let passThrough, facts.model == nil else { return nil }
        let needsLocal = privacy == .localOnly || request.route == .local || request.provider == "local"
        let targets = snapshot.accounts.keys.sorted { $0.rawValue < $1.rawValue }
            .filter { request.provider == nil || request.provider == "local" || request.provider == $0.rawValue }
            .compactMap { snapshot.accounts[$0]?.makeTarget("") }
            .filter { target in
                target.dialect == .openAIChat && (target.isLocal || !needsLocal)
                    && (!target.isLocal || request.route != .cloud)
            }
        if let target = targets.first(where: \.quirks.hasWholeAPI) ?? targets.first {
            return Plan(label: passThrough.name, targets: [target], reason: .passthrough, isNamed: false)
        }
        throw GatewayError(
            .unsupportedParameter,
            "No provider has \(passThrough.path): it needs an OpenAI-compatible one.",
            param: "model"
        )
    }

    /// The request for a target.
    func passedRequest(_ passThrough: PassThrough, for target: Target) -> UpstreamRequest {
        var request = UpstreamRequest(
            path: passThrough.path,
            accept: "*/*",
            body: body.passed(to: target, facts: facts)
        )
        request.method = head.method
        request.contentType = body.count == 0 ? "" : bodyIsForm ? head.contentType ?? "" : "application/json"
        return request
    }

    /// The commit point of an answer that is not JSON: its bytes go on as they come.
    mutating func passOn(
        _ index: Int,
        _ upstream: UpstreamHead,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let id = call?.legs[index].id else { return }
        call?.winner = id
        call?.legs[index].phase = .raw
        if call?.legs[index].permit.isTrial == true { trialAnswered(id, &env) }
        stage = .relay
        answer.isCommitted = true
        answer.status = upstream.status
        answer.usage = Usage(inputTokens: 0, outputTokens: 0)
        call?.legs[index].deadlines = LegDeadlines()
        answer.dropped = call?.legs[index].dropped ?? []
        deadlines.lastEvent = env.now
        if !clientIsWritable { deadlines.stalledSince = env.now }
        trace.add(.committed, call?.machine.target ?? 0, upstream.status)
        _ = env.holdBytes(-body.drop())
        let type = upstream.media == .eventStream ? "text/event-stream" : upstream.contentType
        let head = ResponseHead(
            status: upstream.status,
            contentType: type ?? "application/octet-stream",
            contentLength: upstream.status == 204 ? 0 : nil,
            facts: answerFacts()
        )
        actions.add(.respond(head))
        actions.add(.readLeg(id))
        arm(&actions)
    }

    /// Bytes of such an answer.
    mutating func rawBytes(
        _ id: LegID,
        _ bytes: ByteBuffer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        actions.add(.body(bytes))
        deadlines.lastEvent = env.now
        deadlines.lastContent = env.now
        if clientIsWritable { actions.add(.readLeg(id)) }
        arm(&actions)
    }

    /// The end of such an answer.
    mutating func rawEnded(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        answer.upstreamEnded = env.now
        settle(.settled, &env, &actions)
        actions.add(.endBody)
    }
}

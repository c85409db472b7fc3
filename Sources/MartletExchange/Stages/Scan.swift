import MartletCore
import MartletDialects
import MartletWire
import NIOCore

extension Exchange {
    /// Stage *scan*: gathers the body under limits and checks it as it comes.
    mutating func scan(_ bytes: ByteBuffer, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard body.count + bytes.readableBytes <= bodyLimit else {
            let error = GatewayError(.requestTooLarge, "The request body is larger than \(bodyLimit) bytes.")
            return refuse(error, closing: true, &env, &actions)
        }
        guard env.holdBytes(bytes.readableBytes) else {
            _ = env.holdBytes(-bytes.readableBytes)
            // Not read on, so that at most one read of each waiting request is over the budget.
            if heldBack == nil { heldBack = HeldBack(bytes: bytes, until: env.now + Self.roomWait) }
            deadlines.room = env.now + Self.roomStep
            return arm(&actions)
        }
        heldBack = nil
        body.append(bytes, announced: head.contentLength)
        if bodyIsJSON {
            do throws(JSONError) {
                try body.scan()
            } catch {
                return refuse(Self.invalidJSON(error), closing: true, &env, &actions)
            }
        }
        if case .pass? = endpoint, bodyIsForm { return scanForm(bytes, &env, &actions) }
        actions.add(.readClient)
    }

    /// The endpoint, when its bytes pass.
    var passThrough: PassThrough? {
        if case .pass(let pass) = endpoint { pass } else { nil }
    }

    /// Whether the body is one of JSON, which is checked as it comes.
    var bodyIsJSON: Bool {
        guard passThrough != nil else { return isInference }
        // Whatever its type says: what is no form is read as JSON, as on the other endpoints.
        return head.method == .post && hasBody && !bodyIsForm
    }

    /// A read that waits for room in the budget of bytes that all exchanges hold.
    struct HeldBack {
        let bytes: ByteBuffer
        let until: Instant
    }

    private static var roomWait: Duration { .seconds(1) }
    private static var roomStep: Duration { .milliseconds(20) }

    /// Looks for room again, up to the end of the wait.
    mutating func roomLookedFor(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        deadlines.room = nil
        guard let waiting = heldBack, stage == .scan else { return }
        guard env.now < waiting.until else {
            let error = GatewayError(.overloaded, "The gateway holds too many request bodies.", retryAfterSeconds: 1)
            return refuse(error, closing: true, &env, &actions)
        }
        scan(waiting.bytes, &env, &actions)
    }

    /// The body is complete: facts, then the stages that need nothing more.
    mutating func scanEnd(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        bodyComplete = env.now
        deadlines.bodyBegan = nil
        if endpoint == .control { return handOver(&env, &actions) }
        if endpoint == .ollama(.show) { return showModel(&env, &actions) }
        if bodyIsJSON {
            do throws(JSONError) {
                try body.finish()
            } catch {
                return refuse(Self.invalidJSON(error), closing: false, &env, &actions)
            }
        }
        do throws(GatewayError) {
            if let form = embedding?.value.form {
                facts = try body.facts(form)
            } else {
                if format.request == .openAIChat, body.isResponsesShaped { format.request = .openAIResponses }
                facts =
                    passThrough == nil
                    ? try readFacts() : try body.passThroughFacts()
            }
            // A count uses no tokens, not even by estimate.
            if isCount { (facts.textBytes, facts.stream, facts.thread) = (0, false, nil) }
            try classifyPrivacy()
        } catch {
            return refuse(error, closing: false, &env, &actions)
        }
        prepare(&env, &actions)
    }

    /// The privacy class is final from here on.
    private mutating func classifyPrivacy() throws(GatewayError) {
        guard let asked = head.gatewayPrivacy else { return }
        guard asked == "local_only" else {
            throw GatewayError(.invalidValue, "X-Gateway-Privacy knows only local_only.", param: "X-Gateway-Privacy")
        }
        privacy = .localOnly
    }

    private static func invalidJSON(_ error: JSONError) -> GatewayError {
        let place = "at byte \(error.offset)"
        return switch error.kind {
        case .tooDeep: GatewayError(.jsonTooDeep, "The JSON body is nested too deep \(place).")
        case .duplicateKey: GatewayError(.invalidJSON, "The JSON body names a member twice in one object, \(place).")
        case .tooManyKeys: GatewayError(.invalidJSON, "The JSON body has too many members.")
        default: GatewayError(.invalidJSON, "The body is not valid JSON (\(error.kind.rawValue) \(place)).")
        }
    }

    /// Hands a control-plane request over.
    private mutating func handOver(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let principal else { return }
        stage = .relay
        let request = ControlRequest(
            method: head.method.name,
            path: head.path,
            query: head.query,
            contentType: head.contentType,
            body: body.take(),
            principal: principal
        )
        ask(.control(request), within: .seconds(60), &env, &actions)
    }
}

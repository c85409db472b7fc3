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
        if !env.holdBytes(bytes.readableBytes) {
            _ = env.holdBytes(-bytes.readableBytes)
            let error = GatewayError(.overloaded, "The gateway holds too many request bodies.", retryAfterSeconds: 1)
            return refuse(error, closing: true, &env, &actions)
        }
        body.append(bytes, announced: head.contentLength)
        if endpoint == .chatCompletions {
            do throws(JSONError) {
                try body.scan()
            } catch {
                return refuse(Self.invalidJSON(error), closing: true, &env, &actions)
            }
        }
        actions.add(.readClient)
    }

    /// The body is complete: facts, then the stages that need nothing more.
    mutating func scanEnd(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        bodyComplete = env.now
        deadlines.bodyBegan = nil
        if endpoint == .control { return handOver(&env, &actions) }
        do throws(JSONError) {
            try body.finish()
        } catch {
            return refuse(Self.invalidJSON(error), closing: false, &env, &actions)
        }
        do throws(GatewayError) {
            facts = try body.facts()
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
        ask(.control(request), &actions)
    }
}

import HTTPTypes
import Hummingbird
import MartletCore
import MartletGovernance
import MartletRouting
import MartletWire

/// `GET /admin/aliases` and `GET /admin/aliases/resolve`: what aliases there are, and what a name means right now.
struct AliasRoute: Sendable {
    let preview: PlanPreview

    /// Answers with every alias that requests may ask for.
    func list(_ request: Request, _ context: ControlContext) async throws -> Response {
        _ = try QueryParameters(context.query, names: [])
        return .json(String(decoding: Self.body(preview.snapshot()), as: UTF8.self))
    }

    /// Answers with the targets of a model or an alias in the order in which a request would ask them now.
    func resolve(_ request: Request, _ context: ControlContext) async throws -> Response {
        let asked = try Self.request(context.query)
        let outcome = try preview.outcome(of: asked)
        return .json(String(decoding: Self.body(outcome, asked), as: UTF8.self))
    }

    /// Reads `model`, `route`, `provider` and `prompt_tokens`.
    ///
    /// - Throws: `invalidValue` that names the parameter.
    static func request(_ query: String?) throws(GatewayError) -> PlanRequest {
        let parameters = try QueryParameters(query, names: ["model", "route", "provider", "prompt_tokens"])
        guard let model = parameters["model"], 1...256 ~= model.utf8.count else {
            throw GatewayError(.missingRequiredParameter, "model is a name of 1 to 256 bytes.", param: "model")
        }
        var request = PlanRequest(model: model, provider: parameters["provider"])
        if let text = parameters["route"] {
            guard let route = Route(asked: text) else {
                throw GatewayError(.invalidValue, "route \(Route.rule).", param: "route")
            }
            request.route = route
        }
        if let text = parameters["prompt_tokens"] {
            guard let tokens = Int64(text), 0...1_000_000_000 ~= tokens else {
                throw GatewayError(.invalidValue, "prompt_tokens is a count.", param: "prompt_tokens")
            }
            request.inputTokens = tokens
        }
        return request
    }

    /// The aliases as a document.
    static func body(_ snapshot: Snapshot) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for model in snapshot.listed {
                    guard let alias = model.alias else { continue }
                    writer.object { writer in
                        writer.member("id", model.id)
                        writer.key("alias")
                        alias.write(to: &writer)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// A plan as a document; prices are decimals in dollars a million tokens, as texts.
    static func body(_ outcome: PlanPreview.Outcome, _ request: PlanRequest) -> [UInt8] {
        let entry = request.model.flatMap { outcome.snapshot.models[ModelName($0)] }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("object", "plan")
            writer.member("model", request.model ?? "")
            if let alias = entry?.alias { writer.member("strategy", alias.strategy.name) }
            writer.member("reason", outcome.plan.reason.rawValue)
            writer.key("targets")
            writer.array { writer in
                for (target, standing) in zip(outcome.plan.targets, outcome.standings) {
                    writer.object { writer in
                        write(target, standing, outcome.now, request, to: &writer)
                    }
                }
            }
            let trace = outcome.trace.text(aliasName: outcome.snapshot.aliasName)
            writer.member("trace", String(decoding: trace, as: UTF8.self))
        }
        return writer.bytes
    }

    private static func write(
        _ target: Target,
        _ standing: TargetStanding,
        _ now: Instant,
        _ request: PlanRequest,
        to writer: inout JSONWriter
    ) {
        writer.member("provider", target.account.rawValue)
        writer.member("model_name", target.upstreamModel)
        writer.member("route", target.isLocal ? "local" : "cloud")
        if let price = target.price {
            writer.key("pricing")
            writer.object { writer in
                writer.member("input_usd_per_mtok", price.input.usdPerMillionText)
                writer.member("output_usd_per_mtok", price.output.usdPerMillionText)
            }
        }
        let estimate = SpeedEstimate(target, standing, outputLimit: request.outputLimit)
        writer.key("speed")
        writer.object { writer in
            writer.member("basis", estimate.isMeasured ? "measured" : "usual")
            writer.key("expected_ms")
            writer.integer(milliseconds(estimate.time))
            if let first = standing.firstToken {
                writer.key("first_token_ms")
                writer.integer(milliseconds(first))
            }
            if let each = standing.perToken {
                writer.key("per_token_us")
                writer.integer(each.wholeNanoseconds / 1_000)
            }
        }
        writer.key("in_flight")
        writer.integer(standing.inFlight)
        if let obstacle = standing.obstacle {
            writer.member("obstacle", obstacle.name)
            if let until = standing.until {
                writer.key("for_ms")
                writer.integer(max(0, milliseconds(until - now)))
            }
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 { duration.wholeNanoseconds / 1_000_000 }
}

extension TargetStanding.Obstacle {
    /// The name on pages.
    var name: String {
        switch self {
        case .coolingDown: "cooling_down"
        case .credentialRefused: "credential_refused"
        case .circuitOpen: "circuit_open"
        case .circuitHalfOpen: "circuit_half_open"
        case .outOfQuota: "out_of_quota"
        case .busy: "busy"
        }
    }
}

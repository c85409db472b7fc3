import MartletCore
import MartletRouting

/// What a request would be planned to now, and why; nothing is counted and nobody's turn is taken.
struct PlanPreview: Sendable {
    /// The configuration in force.
    let snapshot: @Sendable () -> Snapshot
    /// What is known of a target.
    let standing: @Sendable (Target, Snapshot) -> TargetStanding
    /// The turn that comes next in an alias.
    let upcoming: @Sendable (ModelName, [Int32]) -> Int
    /// Monotonic time.
    var now: @Sendable () -> Instant = { .now }
    /// 64 random bits.
    var random: @Sendable () -> UInt64 = { .random(in: .min ... .max) }

    /// A plan with what it was made from.
    struct Outcome {
        var snapshot: Snapshot
        var now: Instant
        var plan: Plan
        var trace: DecisionTrace
        /// What is known of each target of the plan.
        var standings: [TargetStanding]
    }

    /// Makes the plan of a request.
    ///
    /// - Throws: What the request would be answered.
    func outcome(of request: PlanRequest) throws(GatewayError) -> Outcome {
        let snapshot = snapshot()
        var environment = Environment(preview: self, snapshot: snapshot, now: now())
        var trace = DecisionTrace()
        let plan = try Planner.plan(request, in: snapshot, asking: &environment, trace: &trace)
        return Outcome(
            snapshot: snapshot,
            now: environment.now,
            plan: plan,
            trace: trace,
            standings: plan.targets.map { standing($0, snapshot) }
        )
    }

    private struct Environment: PlanningEnvironment {
        let preview: PlanPreview
        let snapshot: Snapshot
        let now: Instant

        mutating func random() -> UInt64 { preview.random() }
        mutating func standing(of target: Target) -> TargetStanding { preview.standing(target, snapshot) }
        mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int {
            preview.upcoming(alias, weights)
        }
    }
}

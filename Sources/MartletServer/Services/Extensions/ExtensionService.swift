import MartletExchange
import MartletExtensions
import NIOCore
import Synchronization

/// Asks what the program that runs the gateway has put in, and tells it of settled requests.
final class ExtensionService: Sendable {
    /// Decisions that may be outstanding: a quota that never answers must not fill the memory with tasks.
    private static let mostDecisions = 4_096

    /// What wants to be asked.
    let points: ExtensionPoints
    /// How the quota is asked.
    let quotaTerms: QuotaTerms

    private let quota: (any QuotaExtension)?
    private let policies: [any TargetPolicy]
    private let feeds: [SettlementFeed]
    private let outstanding = Atomic<Int>(0)
    private let failed = Atomic<UInt64>(0)
    private let isFailing = Atomic<Bool>(false)
    private let log: @Sendable (String) -> Void

    /// Takes extensions into service; `nil` when there is none.
    ///
    /// - Parameter log: Told when the quota begins to fail, and of settlements that were not told at the end.
    init?(_ extensions: GatewayExtensions, log: @escaping @Sendable (String) -> Void) {
        guard !extensions.isEmpty else { return nil }
        quota = extensions.quota
        policies = extensions.targetPolicies
        feeds = extensions.observers.map { SettlementFeed($0) }
        quotaTerms =
            extensions.quota.map { QuotaTerms(deadline: max(.zero, $0.deadline), failureMode: $0.failureMode) }
            ?? QuotaTerms()
        var points: ExtensionPoints = []
        if quota != nil { points.insert(.quota) }
        if !policies.isEmpty { points.insert(.targets) }
        if !feeds.isEmpty { points.insert(.settlements) }
        self.points = points
        self.log = log
    }

    /// Decisions that could not be made, or not in time.
    var failedDecisions: UInt64 { failed.load(ordering: .relaxed) }
    /// Settlements that found no room in an observer's queue.
    var droppedSettlements: UInt64 { feeds.reduce(0) { $0 + $1.dropped } }

    // MARK: Quota

    /// Asks the quota; `reply` is called once, from any thread.
    ///
    /// - Parameter eventLoop: Keeps the time.
    func decide(_ request: GatewayRequest, on eventLoop: any EventLoop, reply: @escaping @Sendable (Answer) -> Void) {
        guard let quota, outstanding.load(ordering: .relaxed) < Self.mostDecisions else {
            decisionFailed("too many decisions are outstanding")
            return reply(.quota(.failed))
        }
        outstanding.add(1, ordering: .relaxed)
        let isOver = Latch()
        let task = Task { [self] in
            let answer: QuotaAnswer
            var problem: String?
            do {
                answer = .decided(try await quota.decide(request))
            } catch {
                answer = .failed
                // The error may hold anything; its type tells the operator where to look.
                problem = "it threw \(type(of: error))"
            }
            outstanding.subtract(1, ordering: .relaxed)
            // What comes too late was counted when the time was over.
            guard isOver.close() else { return }
            if let problem { decisionFailed(problem) } else { isFailing.store(false, ordering: .relaxed) }
            reply(.quota(answer))
        }
        eventLoop.scheduleTask(in: TimeAmount(quotaTerms.deadline)) { [self] in
            guard isOver.close() else { return }
            decisionFailed("it did not answer in time")
            task.cancel()
            reply(.quota(.failed))
        }
    }

    private func decisionFailed(_ reason: String) {
        failed.add(1, ordering: .relaxed)
        guard !isFailing.exchange(true, ordering: .relaxed) else { return }
        let consequence = quotaTerms.failureMode == .open ? "are let through" : "are refused"
        log("quota extension: \(reason); requests \(consequence)\n")
    }

    // MARK: Targets

    /// Lets each policy choose among what those before it left.
    func choose(among options: [TargetOption], for request: GatewayRequest) -> TargetDecision {
        var left = options
        var reason: Int32?
        for policy in policies {
            switch policy.targets(for: request, among: left) {
            case .unchanged: continue
            case .refuse(let refusal): return .refuse(refusal)
            case .use(let chosen, let why):
                reason = why
                // By number: what a policy changed in the values decides nothing.
                left = chosen.compactMap { option in left.first { $0.id == option.id } }
                if left.isEmpty { return .use([], reason: why) }
            }
        }
        return reason.map { .use(left, reason: $0) } ?? .unchanged
    }

    // MARK: Settlements

    /// Tells every observer, as its queue comes to it.
    func observe(_ settlement: Settlement) {
        for feed in feeds { feed.add(settlement) }
    }

    /// Waits until the observers have taken what was told, or the time is over; nothing is told after that.
    func finish(within limit: Duration) async {
        for feed in feeds { feed.close() }
        let deadline = ContinuousClock.now + limit
        for feed in feeds {
            let left = await feed.finish(by: deadline)
            if left > 0 { log("settlement observer: \(left) settlements were not taken before the end\n") }
        }
    }
}

/// Something that ends once, by whoever is first.
private final class Latch: Sendable {
    private let isClosed = Atomic<Bool>(false)

    /// Whether this call was the first.
    func close() -> Bool { !isClosed.exchange(true, ordering: .relaxed) }
}

import MartletCore
import MartletRouting
import NIOCore

@testable import MartletServer

extension LiveGateway {
    /// Puts in force what no configuration can say; requests and connections that begin from now on meet it.
    ///
    /// - Parameters:
    ///   - models: Models besides those that are configured.
    ///   - change: Changes limits of time.
    func use(models: [ModelEntry] = [], _ change: (inout TimeoutPolicy) -> Void = { _ in }) async throws {
        let old = state.reloader.snapshot
        var timeouts = old.timeouts
        change(&timeouts)
        let snapshot = Snapshot(
            models: old.models.merging(models.map { ($0.name, $0) }) { $1 },
            listed: old.listed,
            accounts: old.accounts,
            defaultModel: old.defaultModel,
            local: old.local,
            server: old.server,
            auth: old.auth,
            timeouts: timeouts,
            retry: old.retry,
            admission: old.admission,
            limits: old.limits,
            observability: old.observability,
            strictDurability: old.strictDurability,
            routing: old.routing,
            aliases: old.aliases,
            breaker: old.breaker
        )
        for loop in state.loops {
            try await loop.value.eventLoop.submit { loop.value.use(snapshot) }.get()
        }
    }
}

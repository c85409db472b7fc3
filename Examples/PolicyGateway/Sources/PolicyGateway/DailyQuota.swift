import Foundation
import Martlet

/// Lets each key spend so much a day (UTC).
///
/// What a request may cost is set aside when it is let in, and replaced by what it did cost when it has ended; so requests
/// that run at the same time cannot overdraw together. A program that must remember what was spent over a restart reads it
/// from `/admin/usage` when it starts.
actor DailyQuota: QuotaExtension, SettlementObserver {
    private let limit: Int64
    private var day = 0
    private var spent: [String: Int64] = [:]
    private var reserved: [String: Reservation] = [:]

    private struct Reservation {
        var key: String
        var amount: Int64
    }

    /// - Parameter limit: Nano-dollars a day for each key.
    init(limit: Int64) { self.limit = limit }

    func decide(_ request: GatewayRequest) -> QuotaDecision {
        // It came too late: nobody waits for the answer, and nothing would give back what is set aside.
        if Task.isCancelled { return .allow }
        let now = Date()
        beginDay(of: now)
        let estimate = request.estimatedCost ?? 0
        let used = spent[request.key, default: 0]
        let held = reserved.values.reduce(0) { $1.key == request.key ? $0 + $1.amount : $0 }
        guard used < limit, used + held + estimate <= limit else {
            let midnight = 86_400 - Int(now.timeIntervalSince1970) % 86_400
            let message = "This key has used up its budget of today."
            return .refuse(Refusal(.quotaExceeded, message, retryAfterSeconds: midnight))
        }
        reserved[request.id] = Reservation(key: request.key, amount: estimate)
        return .allow
    }

    func settled(_ settlement: Settlement) {
        // Told of refused requests, too, which have set nothing aside.
        reserved[settlement.id] = nil
        spent[settlement.key, default: 0] += settlement.cost ?? 0
    }

    private func beginDay(of now: Date) {
        let today = Int(now.timeIntervalSince1970) / 86_400
        guard today != day else { return }
        day = today
        spent = [:]
        reserved = [:]
    }
}

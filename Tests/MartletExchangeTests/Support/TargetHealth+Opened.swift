import MartletCore
import MartletRouting

extension TargetHealth {
    /// The health of a target whose circuit opened at a time, for five seconds.
    static func opened(_ time: Instant) -> TargetHealth {
        var health = TargetHealth()
        for _ in 0..<5 {
            guard case .granted(let permit) = health.admit(time, CircuitBreakerPolicy()) else { continue }
            health.ended(permit, .failed(AttemptFailure(.connect)), time, CircuitBreakerPolicy(), 1 << 63)
        }
        return health
    }
}

public import Synchronization

/// The one place where all requests find what is remembered of a target; outlives configurations.
public final class TargetMemory: Sendable {
    /// What is remembered, under the target's own lock.
    public let health = Mutex(TargetHealth())

    /// Starts without a fault.
    public init() {}
}

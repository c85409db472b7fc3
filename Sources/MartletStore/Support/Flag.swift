import Synchronization

/// A flag that answers what it was before it was set.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    /// Sets the flag and answers its value before.
    func set(_ new: Bool) -> Bool { value.exchange(new, ordering: .acquiringAndReleasing) }
}

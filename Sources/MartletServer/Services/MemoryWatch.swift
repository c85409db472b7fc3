import MartletExchange
import Synchronization

/// Bytes of bodies that all exchanges hold, and how short the process's memory is.
final class MemoryWatch: Sendable {
    private let held = Atomic<Int>(0)
    private let level = Atomic<UInt8>(0)
    private let budget: Int

    /// Starts with a limit of memory in bytes; a quarter of it may be held in bodies.
    init(limitBytes: Int) { budget = max(64 << 20, limitBytes / 4) }

    /// How short memory is, as last measured.
    var pressure: MemoryPressure { MemoryPressure(rawValue: level.load(ordering: .relaxed)) ?? .normal }

    /// Counts bytes; false when there is no room for them.
    func hold(_ change: Int) -> Bool {
        guard change != 0 else { return true }
        let (_, now) = held.wrappingAdd(change, ordering: .relaxed)
        return change < 0 || now <= budget
    }

    /// Takes over a measurement: bytes in use out of the limit.
    func measured(used: Int, limit: Int) {
        let share = limit > 0 ? Double(used) / Double(limit) : 0
        let pressure: MemoryPressure = share >= 0.92 ? .critical : share >= 0.85 ? .high : .normal
        level.store(pressure.rawValue, ordering: .relaxed)
    }
}

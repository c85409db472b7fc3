import MartletCore
import MartletRouting
import Synchronization

/// Whose turn it is among the members of each alias: one rotation an alias for the whole process, kept over reloads.
final class RotationTable: Sendable {
    private let rotations = Mutex<[ModelName: SmoothRotation]>([:])

    /// Names come from configurations alone; who reloads endlessly with new ones starts anew.
    private static let limit = 4_096

    /// Gives the next turn of an alias.
    ///
    /// - Parameter weights: The share of each member; 0 for those that cannot be asked.
    func next(_ alias: ModelName, _ weights: [Int32]) -> Int {
        rotations.withLock { rotations in
            if rotations.count >= Self.limit, rotations[alias] == nil { rotations.removeAll() }
            return rotations[alias, default: SmoothRotation()].next(weights)
        }
    }

    /// The turn that comes next, which this does not count.
    func upcoming(_ alias: ModelName, _ weights: [Int32]) -> Int {
        var rotation = rotations.withLock { $0[alias] ?? SmoothRotation() }
        return rotation.next(weights)
    }
}

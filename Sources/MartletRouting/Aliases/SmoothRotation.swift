/// Shares turns out by weight, and spreads those of one member as evenly as can be.
///
/// The smooth weighted round robin of nginx (ngx_http_upstream_round_robin.c, 2012): every member gains its weight, the
/// richest one has the turn and pays the sum. A member that cannot be asked gains nothing, so its turns fall to the
/// others by their weights and not to its neighbour.
public struct SmoothRotation: Sendable {
    private var credits: [Int64] = []

    /// Starts with equal credits.
    public init() {}

    /// Gives the next turn.
    ///
    /// - Parameter weights: One for each member, 0 for those that cannot be asked. Another number of members than before
    ///   starts anew.
    /// - Returns: The place of a member; 0 when none can be asked.
    public mutating func next(_ weights: [Int32]) -> Int {
        if credits.count != weights.count { credits = Array(repeating: 0, count: weights.count) }
        var sum: Int64 = 0
        var best: Int?
        for index in weights.indices where weights[index] > 0 {
            let weight = Int64(weights[index])
            sum += weight
            credits[index] += weight
            if let known = best, credits[known] >= credits[index] { continue }
            best = index
        }
        guard let best else { return 0 }
        credits[best] -= sum
        return best
    }
}

/// Finds the name that was probably meant.
public enum Suggestion {
    /// Returns the closest of the known names, when it is close: at most a third of its letters differ.
    public static func nearest(to name: String, among known: some Sequence<String>) -> String? {
        guard name.utf8.count <= 256 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in known {
            let distance = distance(Array(name.utf8), Array(candidate.utf8))
            let limit = max(1, max(name.utf8.count, candidate.utf8.count) / 3)
            guard distance <= limit, distance < best?.distance ?? Int.max else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    public static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var older: [Int] = []
        var previous = Array(0...right.count)
        for i in 0..<left.count {
            var row = [i + 1]
            row.reserveCapacity(right.count + 1)
            for j in 0..<right.count {
                let same = left[i] == right[j] ? 0 : 1
                var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + same)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, older[j - 1] + 1)
                }
                row.append(cost)
            }
            older = previous
            previous = row
        }
        return previous[right.count]
    }
}

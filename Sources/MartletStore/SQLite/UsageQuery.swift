/// What a usage question asks for.
public struct UsageQuery: Hashable, Sendable {
    /// A property that usage is told apart by.
    public enum Dimension: String, Hashable, Sendable, CaseIterable {
        /// The UTC day of receipt.
        case day
        /// The public id of the key.
        case key
        /// The configured or registered model.
        case model
        /// The account.
        case provider
    }

    /// The first day.
    public var from: CivilDay
    /// The last day, included.
    public var to: CivilDay
    /// What the rows are told apart by, in the order of `Dimension`.
    public var groupBy: [Dimension]

    /// Creates a question about a range of days.
    public init(from: CivilDay, to: CivilDay, groupBy: [Dimension] = Dimension.allCases) {
        self.from = from
        self.to = to
        self.groupBy = Dimension.allCases.filter(groupBy.contains)
    }

    /// Parses `day,key,model,provider`; `nil` when a name is unknown, double, or the list is empty.
    public static func dimensions(_ names: String) -> [Dimension]? {
        var found: [Dimension] = []
        for name in names.split(separator: ",", omittingEmptySubsequences: false) {
            guard let dimension = Dimension(rawValue: String(name)), !found.contains(dimension) else { return nil }
            found.append(dimension)
        }
        return found
    }
}

/// One row of an answer: what it is about, and its sums.
public struct UsageRow: Hashable, Sendable {
    /// The day, when grouped by it.
    public var day: CivilDay?
    /// The key's public id, when grouped by it.
    public var key: String?
    /// The model, when grouped by it.
    public var model: String?
    /// The account, when grouped by it.
    public var provider: String?
    /// The sums.
    public var counts: UsageCounts

    fileprivate var json: String {
        let labels: [(String, String?)] = [
            ("day", day?.description), ("key", key), ("model", model), ("provider", provider),
        ]
        return JSONText.object(
            labels.compactMap { name, value in value.map { (name, JSONText.string($0)) } } + counts.jsonMembers
        )
    }
}

/// The answer to a usage question.
public struct UsageReport: Hashable, Sendable {
    /// What was asked.
    public var query: UsageQuery
    /// The rows, ordered by day, key, model and provider.
    public var rows: [UsageRow]
    /// The sums over all rows.
    public var totals: UsageCounts

    /// The body of `GET /admin/usage`.
    public var json: String {
        JSONText.object([
            ("object", JSONText.string("usage")),
            ("from", JSONText.string(query.from.description)),
            ("to", JSONText.string(query.to.description)),
            ("group_by", JSONText.array(query.groupBy.map { JSONText.string($0.rawValue) })),
            ("data", JSONText.array(rows.map(\.json))),
            ("totals", JSONText.object(totals.jsonMembers)),
        ])
    }
}

import GRDB
import MartletCore

/// The table of sums a day, key, model and provider.
enum DailySums {
    /// What a row is about.
    ///
    /// Names are compared byte by byte, as the table does.
    private struct Label: Hashable {
        var day: Int
        var key: ModelName
        var model: ModelName
        var provider: ModelName
    }

    /// Adds sums to those of their days; each row is written once a transaction.
    ///
    /// Summed here and not in SQL, where a sum that overflows turns into a floating-point number or an error.
    static func add(_ sums: SumTable, to db: Database) throws {
        guard !sums.rows.isEmpty else { return }
        let select = try RawStatement(
            """
            SELECT \(UsageCounts.columns.joined(separator: ", ")) FROM usage_daily
            WHERE day = ? AND key_id = ? AND model = ? AND provider = ?
            """,
            on: db
        )
        let replace = try RawStatement(
            """
            INSERT OR REPLACE INTO usage_daily
                (day, key_id, model, provider, \(UsageCounts.columns.joined(separator: ", ")))
            VALUES (?, ?, ?, ?, \(UsageCounts.columns.map { _ in "?" }.joined(separator: ", ")))
            """,
            on: db
        )
        defer {
            select.clear()
            replace.clear()
        }
        for row in sums.rows {
            for statement in [select, replace] {
                try statement.bind(row.day, at: 1)
                try statement.bind(row.key, at: 2)
                try statement.bind(row.model, at: 3)
                try statement.bind(row.provider, at: 4)
            }
            var counts = try UsageCounts(values: select.first(UsageCounts.columns.count) ?? [])
            counts.add(row.counts)
            for (place, value) in zip(Int32(5)..., counts.values) { try replace.bind(value, at: place) }
            try replace.run()
        }
    }

    /// Groups the sums of a range of days.
    static func report(_ query: UsageQuery, from db: Database) throws -> UsageReport {
        let shown = Set(query.groupBy)
        let nothing = ModelName("")
        var groups: [Label: UsageCounts] = [:]
        var totals = UsageCounts()
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT day, key_id, model, provider, \(UsageCounts.columns.joined(separator: ", "))
                FROM usage_daily WHERE day BETWEEN ? AND ?
                """,
            arguments: [query.from.daysSinceEpoch, query.to.daysSinceEpoch]
        )
        while let row = try rows.next() {
            let label = Label(
                day: shown.contains(.day) ? row[0] : 0,
                key: shown.contains(.key) ? ModelName(row[1]) : nothing,
                model: shown.contains(.model) ? ModelName(row[2]) : nothing,
                provider: shown.contains(.provider) ? ModelName(row[3]) : nothing
            )
            let counts = UsageCounts(values: (0..<UsageCounts.columns.count).map { row[4 + $0] })
            groups[label, default: UsageCounts()].add(counts)
            totals.add(counts)
        }
        let ordered = groups.sorted { left, right in
            (left.key.day, left.key.key.rawValue, left.key.model.rawValue, left.key.provider.rawValue)
                < (right.key.day, right.key.key.rawValue, right.key.model.rawValue, right.key.provider.rawValue)
        }
        return UsageReport(
            query: query,
            rows: ordered.map { label, counts in
                UsageRow(
                    day: shown.contains(.day) ? CivilDay(daysSinceEpoch: label.day) : nil,
                    key: shown.contains(.key) ? label.key.rawValue : nil,
                    model: shown.contains(.model) ? label.model.rawValue : nil,
                    provider: shown.contains(.provider) ? label.provider.rawValue : nil,
                    counts: counts
                )
            },
            totals: totals
        )
    }
}

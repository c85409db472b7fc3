import MartletCore

/// Sums of the endings of one transaction, by day, key, model and provider.
///
/// Labels are compared as the bytes they have in their payloads: names are told apart byte by byte, as in the table.
struct SumTable {
    /// What a row is about, and what is added to it.
    struct Row {
        var day: Int64
        var key: String
        var model: String
        var provider: String
        var counts = UsageCounts()
        fileprivate var labels: [UInt8]
        /// The next row whose labels have the same hash.
        fileprivate var next: Int?
    }

    private(set) var rows: [Row] = []
    private var firstByHash: [Int: Int] = [:]

    /// Adds one ending.
    @unsafe mutating func add(_ ending: RecordOutline, of bytes: UnsafeRawBufferPointer) {
        let day = Int64(ending.receivedAt / 86_400_000)
        let labels = unsafe UnsafeRawBufferPointer(rebasing: bytes[ending.range(ending.labels)])
        // Seeded at random: callers choose some of these names.
        var hasher = Hasher()
        hasher.combine(day)
        unsafe hasher.combine(bytes: labels)
        let hash = hasher.finalize()
        let first = firstByHash[hash]
        var candidate = first
        while let index = candidate {
            if unsafe rows[index].day == day && rows[index].labels.elementsEqual(labels) {
                return rows[index].counts.add(ending)
            }
            candidate = rows[index].next
        }
        func text(_ place: RecordOutline.Place) -> String {
            unsafe String(decoding: bytes[ending.range(place)], as: UTF8.self)
        }
        var row = Row(
            day: day,
            key: text(ending.key),
            model: text(ending.model),
            provider: text(ending.provider),
            labels: unsafe Array(labels),
            next: first
        )
        row.counts.add(ending)
        firstByHash[hash] = rows.count
        rows.append(row)
    }
}

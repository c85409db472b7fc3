import MartletGovernance
import MartletRouting
import Testing

extension LedgerRecord {
    /// The trace, read as whoever has nothing but the record would.
    var readTrace: RecordedTrace {
        get throws {
            let target = RecordedTrace.TargetName(provider: provider, model: upstreamModel)
            return try #require(RecordedTrace(trace, model: model, target: target))
        }
    }

    /// The trace, an entry a line: when, what, with which values.
    var story: [String] {
        get throws {
            let trace = try readTrace
            return trace.entries.map { entry in
                let values = trace.members(of: entry).map { " \($0.name)=\($0.value)" }.joined()
                return "\(entry.milliseconds) \(entry.name)\(values)"
            }
        }
    }
}

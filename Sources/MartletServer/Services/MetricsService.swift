import MartletCore
import MartletExchange
import MartletRouting
import MartletStore
import NIOCore
import Synchronization

extension SharedState {
    /// Makes the metrics page off the loops; `reply` is called once, from any thread.
    ///
    /// - Parameter snapshot: Whose names may be labels.
    func renderMetrics(_ snapshot: Snapshot, reply: @escaping @Sendable (Answer) -> Void) {
        Task {
            var gauges = MetricsGauges()
            gauges.openConnections = connectionCount.load(ordering: .relaxed)
            gauges.runningExchanges = slots.process.inFlight
            gauges.spoolPendingRecords = ledger.pendingRecords
            gauges.accessLogDropped = accessLog.dropped
            gauges.reloads = health.reloads
            gauges.circuits = TargetReport(targets, snapshot, now: .now, all: true).circuits
            gauges.process = .current()
            gauges.extensions = extensions.map { ($0.failedDecisions, $0.droppedSettlements) }
            let page = MetricsPage.render(shards: shards, gauges: gauges)
            reply(.page(PageAnswer(status: 200, contentType: MetricsPage.contentType, body: page)))
        }
    }
}

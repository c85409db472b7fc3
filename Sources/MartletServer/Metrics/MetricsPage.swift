import MartletExchange
import MartletRouting
import NIOCore

/// What the metrics page tells beside the counts of the loops.
struct MetricsGauges: Sendable {
    /// Open client connections.
    var openConnections = 0
    /// Requests that are being served.
    var runningExchanges = 0
    /// Ledger records that are in the spool and not yet in the store.
    var spoolPendingRecords = 0
    /// Access-log lines that were dropped because writing was too slow.
    var accessLogDropped: UInt64 = 0
    /// Reloads of the configuration by their result.
    var reloads: (accepted: UInt64, refused: UInt64) = (0, 0)
    /// The circuits of targets that were used.
    var circuits: [TargetReport.Circuit] = []
    /// Decisions of a quota extension that failed, and settlements that observers had no room for; `nil` without any.
    var extensions: (failedDecisions: UInt64, droppedSettlements: UInt64)?
    /// Facts of the process.
    var process = ProcessFacts()

    /// Creates gauges at zero.
    init() {}
}

/// Renders the metrics of all loops in Prometheus's text format 0.0.4.
///
/// - SeeAlso: https://prometheus.io/docs/instrumenting/exposition_formats/
enum MetricsPage {
    /// The media type of the page.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Renders the page; takes each shard's lock for the time of a copy.
    static func render(shards: [MetricsShard], gauges: MetricsGauges) -> ByteBuffer {
        var sums = MetricsSums()
        for shard in shards { sums.add(shard.current) }
        var writer = MetricsWriter()
        writeRequests(sums, &writer)
        writeTimes(sums, &writer)
        writer.family(
            "gateway_defects_total",
            .counter,
            "Broken invariants of the gateway itself; anything above 0 is a bug."
        )
        writer.sample("gateway_defects_total", [], sums.defects)
        writeGauges(gauges, &writer)
        return writer.buffer
    }

    private static func writeRequests(_ sums: MetricsSums, _ writer: inout MetricsWriter) {
        writer.family(
            "gateway_requests_total",
            .counter,
            "Inference requests that ended, by the status shown (499: the client left first)."
        )
        for (key, count) in sums.requests.sorted(by: { $0.key < $1.key }) {
            let labels = [("provider", key.provider), ("model", key.model), ("status", threeDigits(key.status))]
            writer.sample("gateway_requests_total", labels, count)
        }
        let models = sums.models.sorted { $0.key < $1.key }
        writer.family(
            "gateway_tokens_total",
            .counter,
            "Tokens; cache_read and cache_write are parts of input, reasoning is part of output."
        )
        for (key, counts) in models {
            for (direction, count) in counts.tokens.directions {
                let labels = [("provider", key.provider), ("model", key.model), ("direction", direction)]
                writer.sample("gateway_tokens_total", labels, count)
            }
        }
        writer.family(
            "gateway_cost_usd_total",
            .counter,
            "Cost of ended requests in US dollars; requests of unpriced models add nothing."
        )
        for (key, counts) in models {
            guard let cost = counts.cost else { continue }
            let labels = [("provider", key.provider), ("model", key.model)]
            writer.sample("gateway_cost_usd_total", labels, nanos: UInt128(clamping: cost))
        }
        writer.family("gateway_attempts_total", .counter, "Upstream attempts that ended.")
        for (key, count) in sums.attempts.sorted(by: { $0.key.order < $1.key.order }) {
            writer.sample("gateway_attempts_total", [("provider", key.provider), ("outcome", key.outcome)], count)
        }
        writer.family("gateway_route_total", .counter, "Requests by where they were routed, and why.")
        for (key, count) in sums.routes.sorted(by: { $0.key.order < $1.key.order }) {
            writer.sample("gateway_route_total", [("route", key.route), ("reason", key.reason.rawValue)], count)
        }
    }

    private static func writeTimes(_ sums: MetricsSums, _ writer: inout MetricsWriter) {
        writer.family(
            "gateway_latency_seconds",
            .histogram,
            "Time from the receipt of an inference request to its end."
        )
        writer.histogram("gateway_latency_seconds", [], sums.latency)
        writer.family(
            "gateway_ttft_seconds",
            .histogram,
            "Time from the upstream request to the first content of its stream."
        )
        writer.histogram("gateway_ttft_seconds", [], sums.firstToken)
        writer.family(
            "gateway_overhead_seconds",
            .histogram,
            "The gateway's own time, without waits for clients, queues and upstreams."
        )
        writer.histogram("gateway_overhead_seconds", [("stage", "attempt")], sums.attemptOverhead)
        writer.histogram("gateway_overhead_seconds", [("stage", "relay")], sums.relayOverhead)
    }

    private static func writeGauges(_ gauges: MetricsGauges, _ writer: inout MetricsWriter) {
        writer.single("gateway_open_connections", .gauge, "Open client connections.", gauges.openConnections)
        writer.single("gateway_running_exchanges", .gauge, "Requests that are being served.", gauges.runningExchanges)
        writer.single(
            "gateway_spool_pending_records",
            .gauge,
            "Ledger records in the spool that the store does not hold yet.",
            gauges.spoolPendingRecords
        )
        writer.single(
            "gateway_access_log_dropped_total",
            .counter,
            "Access-log lines dropped because writing was too slow.",
            gauges.accessLogDropped
        )
        writer.family("gateway_config_reloads_total", .counter, "Reloads of the configuration by result.")
        writer.sample("gateway_config_reloads_total", [("result", "accepted")], gauges.reloads.accepted)
        writer.sample("gateway_config_reloads_total", [("result", "refused")], gauges.reloads.refused)
        writer.family(
            "gateway_circuit_state",
            .gauge,
            "Circuit breakers of the targets that were used: 0 closed, 1 half open, 2 open."
        )
        for circuit in gauges.circuits {
            let labels = [("provider", circuit.account), ("model", circuit.model)]
            writer.sample("gateway_circuit_state", labels, circuit.state.rawValue)
        }
        if let extensions = gauges.extensions {
            writer.single(
                "gateway_quota_failures_total",
                .counter,
                "Requests that the quota extension did not decide about, or not in time.",
                extensions.failedDecisions
            )
            writer.single(
                "gateway_settlements_dropped_total",
                .counter,
                "Settlements dropped because an observer's queue was full.",
                extensions.droppedSettlements
            )
        }
        if let bytes = gauges.process.residentBytes {
            writer.single("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", bytes)
        }
        if let time = gauges.process.startTime {
            writer.family("process_start_time_seconds", .gauge, "Start time of the process in seconds since 1970.")
            writer.sample("process_start_time_seconds", [], nanos: UInt128(time))
        }
        writer.family("process_cpu_seconds_total", .counter, "User and system CPU time of the process in seconds.")
        writer.sample("process_cpu_seconds_total", [], nanos: UInt128(gauges.process.cpuTime))
    }

    private static func threeDigits(_ status: Int) -> String {
        let text = String(min(max(0, status), 999))
        return String(repeating: "0", count: 3 - text.utf8.count) + text
    }
}

extension TokenCounts {
    fileprivate var directions: [(String, UInt64)] {
        let all = [
            ("input", input), ("output", output), ("cache_read", cacheRead), ("cache_write", cacheWrite),
            ("reasoning", reasoning),
        ]
        return all.compactMap { name, count in count.map { (name, $0) } }
    }
}

extension Outcome.AttemptOutcome {
    fileprivate var order: (String, String) { (provider, outcome) }
}

extension Outcome.RouteOutcome {
    fileprivate var order: (String, String) { (route, reason.rawValue) }
}

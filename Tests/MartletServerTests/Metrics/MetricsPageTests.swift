import MartletCore
import NIOCore
import Testing

@testable import MartletExchange
@testable import MartletServer

@Suite("Metrics page")
struct MetricsPageTests {
    private func page(_ shards: [MetricsShard], _ gauges: MetricsGauges = MetricsGauges()) throws -> PrometheusText {
        try PrometheusText(String(buffer: MetricsPage.render(shards: shards, gauges: gauges)))
    }

    private func shard(_ outcomes: Outcome...) -> MetricsShard {
        let shard = MetricsShard(slots: SlotTable())
        for outcome in outcomes { shard.count(outcome) }
        return shard
    }

    @Test("is valid before anything was counted, and names every family")
    func empty() throws {
        let page = try page([shard()])
        #expect(page.types.filter { $0.value == "histogram" }.count == 3)
        for name in ["requests", "tokens", "cost_usd", "attempts", "route", "defects"] {
            #expect(page.types["gateway_\(name)_total"] == "counter")
        }
        #expect(page.samples(of: "gateway_requests_total").isEmpty)
        #expect(page.value("gateway_latency_seconds_count") == "0")
    }

    @Test("sums the shards exactly")
    func sums() throws {
        let usage = Usage(inputTokens: 10, outputTokens: 3, cacheReadTokens: 4)
        let ok = sampleOutcome(usage: usage, cost: NanoUSD(123_456_789))
        let failed = sampleOutcome(status: 502, attempts: ["timeout", "server_error"])
        let page = try page([shard(ok, failed, ok), shard(ok)])
        let model = ["provider": "openai", "model": "gpt-5-mini"]
        #expect(page.value("gateway_requests_total", model.merging(["status": "200"]) { $1 }) == "3")
        #expect(page.value("gateway_requests_total", model.merging(["status": "502"]) { $1 }) == "1")
        #expect(page.value("gateway_tokens_total", model.merging(["direction": "input"]) { $1 }) == "30")
        #expect(page.value("gateway_tokens_total", model.merging(["direction": "output"]) { $1 }) == "9")
        #expect(page.value("gateway_tokens_total", model.merging(["direction": "cache_read"]) { $1 }) == "12")
        #expect(page.value("gateway_tokens_total", model.merging(["direction": "reasoning"]) { $1 }) == nil)
        #expect(page.value("gateway_cost_usd_total", model) == "0.370370367")
        #expect(page.value("gateway_attempts_total", ["provider": "openai", "outcome": "ok"]) == "3")
        #expect(page.value("gateway_attempts_total", ["provider": "openai", "outcome": "timeout"]) == "1")
        #expect(page.value("gateway_route_total", ["route": "cloud", "reason": "named"]) == "4")
        #expect(page.value("gateway_latency_seconds_count") == "4")
        #expect(page.value("gateway_latency_seconds_sum") == "0.8")
    }

    @Test("shows a status of three digits, and 499 as it is")
    func statuses() throws {
        let shard = shard(sampleOutcome(status: 499), sampleOutcome(status: 7), sampleOutcome(status: 12_345))
        let page = try page([shard])
        #expect(Set(page.samples(of: "gateway_requests_total").map { $0.labels["status"] }) == ["499", "007", "999"])
    }

    @Test("counts requests that ask for no inference nowhere")
    func noInference() throws {
        let page = try page([shard(sampleOutcome(isInference: false))])
        #expect(page.samples(of: "gateway_requests_total").isEmpty)
        #expect(page.samples(of: "gateway_attempts_total").isEmpty)
        #expect(page.value("gateway_latency_seconds_count") == "0")
    }

    @Test(
        "escapes labels so that any name survives",
        arguments: [#"a"b"#, #"back\slash"#, "two\nlines", #"\n"#, "a{b},c=\"d\" 1", "emoji 🐦", "cr\r\nlf", ""]
    )
    func escaping(name: String) throws {
        let page = try page([shard(sampleOutcome(provider: name, model: name, attempts: ["ok"]))])
        let labels = page.samples(of: "gateway_requests_total").map(\.labels)
        #expect(labels == [["provider": name, "model": name, "status": "200"]])
        #expect(page.samples(of: "gateway_attempts_total").map(\.labels) == [["provider": name, "outcome": "ok"]])
    }

    @Test("has cumulative buckets that end at 600 s, and at 1 s for overhead")
    func buckets() throws {
        let times: [Duration] = [.zero, .milliseconds(1), .nanoseconds(1_000_001), .seconds(600), .seconds(601)]
        let shard = MetricsShard(slots: SlotTable())
        for time in times { shard.count(sampleOutcome(duration: time, overhead: .microseconds(3))) }
        let page = try page([shard])
        let buckets = page.samples(of: "gateway_latency_seconds_bucket")
        #expect(buckets.first?.labels["le"] == "0.001")
        #expect(buckets.prefix(4).map { $0.labels["le"] } == ["0.001", "0.0025", "0.005", "0.01"])
        #expect(buckets.suffix(3).map { $0.labels["le"] } == ["500", "600", "+Inf"])
        let counts = buckets.compactMap { Int($0.value) }
        #expect(counts == counts.sorted())
        #expect(page.value("gateway_latency_seconds_bucket", ["le": "0.001"]) == "2")
        #expect(page.value("gateway_latency_seconds_bucket", ["le": "0.0025"]) == "3")
        #expect(page.value("gateway_latency_seconds_bucket", ["le": "600"]) == "4")
        #expect(page.value("gateway_latency_seconds_bucket", ["le": "+Inf"]) == "5")
        #expect(page.value("gateway_overhead_seconds_bucket", ["stage": "attempt", "le": "0.0000025"]) == "0")
        #expect(page.value("gateway_overhead_seconds_bucket", ["stage": "attempt", "le": "0.000005"]) == "5")
        #expect(page.value("gateway_overhead_seconds_bucket", ["stage": "relay", "le": "1"]) == "0")
    }

    @Test("counts labels beyond the limit together")
    func manyLabels() {
        var counts = LabelledCounts<Int, Int>(empty: 0)
        for label in 0..<(LabelledCounts<Int, Int>.capacity + 100) { counts.update(label, whenFull: -1) { $0 += 1 } }
        #expect(counts.entries.count == LabelledCounts<Int, Int>.capacity + 1)
        #expect(counts.entries.last?.key == -1)
        #expect(counts.entries.last?.value == 100)
        #expect(counts.entries.map(\.value).reduce(0, +) == LabelledCounts<Int, Int>.capacity + 100)
    }

    @Test("shows gauges, defects and facts of the process")
    func gauges() throws {
        let shard = shard()
        shard.countDefect()
        var gauges = MetricsGauges()
        gauges.openConnections = 7
        gauges.spoolPendingRecords = 8
        gauges.process.startTime = 1_795_132_800_250_000_000
        gauges.process.cpuTime = 1_500_000_000
        let page = try page([shard, shard], gauges)
        #expect(page.value("gateway_defects_total") == "2")
        #expect(page.value("gateway_open_connections") == "7")
        #expect(page.value("gateway_running_exchanges") == "0")
        #expect(page.value("gateway_spool_pending_records") == "8")
        #expect(page.value("process_start_time_seconds") == "1795132800.25")
        #expect(page.value("process_cpu_seconds_total") == "1.5")
        #expect(page.value("process_resident_memory_bytes") == nil)
    }

    #if os(Linux)
    @Test("reads the process's own facts")
    func processFacts() throws {
        let facts = ProcessFacts.current()
        let resident = try #require(facts.residentBytes)
        #expect(resident > 1 << 20 && resident < 1 << 36)
        let now = WallClock.milliseconds() &* 1_000_000
        let start = try #require(facts.startTime)
        #expect(start <= now + 1_000_000_000 && now < start + 3_600_000_000_000)
        #expect(facts.cpuTime > 0)
    }
    #endif
}

import MartletConfig
import MartletCore
import MartletExchange
import MartletRouting
import MartletStore
import MartletWire
import NIOCore
import Synchronization

/// What the health pages say; names only, no URLs.
final class HealthBoard: Sendable {
    /// Where the process is in its life.
    enum Phase: Sendable {
        case starting, serving, draining
    }

    private struct State {
        var phase = Phase.starting
        var configLoadedAt = WallClock.milliseconds()
        /// Where the errors are of a configuration that was refused since; empty when the files are in force.
        var refusedPlaces: [String] = []
        var reloads: UInt64 = 0
        var refusedReloads: UInt64 = 0
        /// When the registry was fetched last, in seconds since 1970.
        var registryFetchedAt: Int64?
        /// Why it could not be fetched since.
        var registryFault: String?
    }

    private let state = Mutex(State())
    private let startedAt = Instant.now
    private let ledger: UsageLedger
    private let targets: TargetTable

    init(ledger: UsageLedger, targets: TargetTable) {
        self.ledger = ledger
        self.targets = targets
    }

    func enter(_ phase: Phase) { state.withLock { $0.phase = phase } }

    /// When the configuration in force was read, in milliseconds since 1970.
    var configLoadedAt: UInt64 { state.withLock(\.configLoadedAt) }

    /// Reloads by their result since the start.
    var reloads: (accepted: UInt64, refused: UInt64) { state.withLock { ($0.reloads, $0.refusedReloads) } }

    /// Notes that new files are in force.
    func configAccepted(at time: UInt64) {
        state.withLock { state in
            state.configLoadedAt = time
            state.refusedPlaces = []
            state.reloads &+= 1
        }
    }

    /// Notes that new files were refused; the page shows where the errors are, by file name without its folder.
    func configRefused(_ findings: [ConfigDiagnostic]) {
        let places = findings.filter { $0.severity == .error }.prefix(10).map { finding in
            finding.place.split(separator: "/").last.map(String.init) ?? finding.place
        }
        state.withLock { state in
            state.refusedPlaces = places
            state.refusedReloads &+= 1
        }
    }

    /// Notes what came of fetching the registry.
    func registryFetched(_ result: Result<Int64, RegistryFault>) {
        state.withLock { state in
            switch result {
            case .success(let time): (state.registryFetchedAt, state.registryFault) = (time, nil)
            case .failure(let fault): state.registryFault = fault.text
            }
        }
    }

    /// Makes a page.
    ///
    /// Provider, breaker and store health never make readiness fail.
    func page(_ page: Page, snapshot: Snapshot) -> PageAnswer {
        switch page {
        case .live, .hello, .metrics: Self.json(200, #"{"status":"ok"}"#)
        case .ready, .health: document(for: page, snapshot: snapshot)
        }
    }

    private func document(for page: Page, snapshot: Snapshot) -> PageAnswer {
        let state = state.withLock { $0 }
        let report = TargetReport(targets, snapshot, now: .now)
        let canRecord = ledger.room
        let storeFails = ledger.storeIsFailing
        // Targets of accounts that a reload took away are still remembered, and say nothing about this configuration.
        let isAccountDegraded = snapshot.accounts.keys.contains {
            report.accounts[$0.rawValue] == .degraded
        }
        let isRefused = !state.refusedPlaces.isEmpty
        let isDegraded =
            storeFails || isAccountDegraded || isRefused || snapshot.local == .silent
            || state.registryFault != nil
        let status: StaticString =
            switch state.phase {
            case .starting: "starting"
            case .draining: "draining"
            case .serving: !canRecord ? "unavailable" : isDegraded ? "degraded" : "ok"
            }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "\(status)")
        writer.member("version", "\(MartletVersion.text)")
        writer.key("uptime_s")
        writer.integer((Instant.now - startedAt).components.seconds)
        writer.key("components")
        writer.beginObject()
        writer.status("store", storeFails ? "degraded" : "ok")
        writer.key("spool")
        writer.beginObject()
        writer.member("status", canRecord ? "ok" : "unavailable")
        writer.key("pending_records")
        writer.integer(Int64(ledger.pendingRecords))
        writer.endObject()
        writer.key("config")
        writer.beginObject()
        writer.member("status", isRefused ? "degraded" : "ok")
        writer.member("loaded_at", Timestamp(unixSeconds: Int64(clamping: state.configLoadedAt / 1_000)).description)
        if isRefused {
            writer.key("errors_at")
            writer.beginArray()
            for place in state.refusedPlaces { writer.string(place) }
            writer.endArray()
        }
        writer.endObject()
        if state.registryFault != nil || state.registryFetchedAt != nil {
            writer.key("registry")
            writer.beginObject()
            writer.member("status", state.registryFault == nil ? "ok" : "degraded")
            if let time = state.registryFetchedAt {
                writer.member("fetched_at", Timestamp(unixSeconds: time).description)
            }
            if let fault = state.registryFault { writer.member("fault", fault) }
            writer.endObject()
        }
        writer.key("local")
        writer.beginObject()
        switch snapshot.local {
        case .notConfigured: writer.member("status", "absent")
        case .silent: writer.member("status", "degraded")
        case .running(let engine):
            writer.member("status", "ok")
            writer.member("engine", engine.kind.rawValue)
        }
        writer.endObject()
        writer.key("providers")
        writer.beginObject()
        for name in snapshot.accounts.keys.map(\.rawValue).sorted() {
            writer.key(Array(name.utf8))
            writer.beginObject()
            writer.member("status", report.accounts[name]?.rawValue ?? "unknown")
            Self.write(report.circuits.filter { $0.account == name }, &writer)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        let isReady = state.phase == .serving && canRecord
        return PageAnswer(
            status: page == .ready && !isReady ? 503 : 200,
            contentType: "application/json",
            body: ByteBuffer(bytes: writer.bytes)
        )
    }

    /// Writes the circuits of an account that are not closed.
    private static func write(_ circuits: [TargetReport.Circuit], _ writer: inout JSONWriter) {
        guard !circuits.isEmpty else { return }
        writer.key("circuits")
        writer.beginArray()
        for circuit in circuits.prefix(20) {
            writer.beginObject()
            writer.member("model", circuit.model)
            writer.member("state", circuit.stateName)
            if circuit.isOutOfQuota { writer.member("cause", "quota") }
            if let pause = circuit.pause {
                writer.key("next_try_s")
                writer.integer(Int64(AttemptFailure.wholeSeconds(pause)))
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private static func json(_ status: Int, _ text: StaticString) -> PageAnswer {
        PageAnswer(status: status, contentType: "application/json", body: ByteBuffer(staticString: text))
    }
}

extension JSONWriter {
    mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    fileprivate mutating func status(_ name: StaticString, _ value: String) {
        key(name)
        beginObject()
        member("status", value)
        endObject()
    }
}

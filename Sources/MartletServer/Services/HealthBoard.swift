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
    }

    private let state = Mutex(State())
    private let startedAt = Instant.now
    /// The configuration is read once, at the start; a refused one does not start.
    private let configLoadedAt = WallClock.milliseconds()
    private let ledger: UsageLedger
    private let targets: TargetTable

    init(ledger: UsageLedger, targets: TargetTable) {
        self.ledger = ledger
        self.targets = targets
    }

    func enter(_ phase: Phase) { state.withLock { $0.phase = phase } }

    /// Makes a page.
    ///
    /// Provider, breaker and store health never make readiness fail.
    func page(_ page: Page, snapshot: Snapshot) -> PageAnswer {
        switch page {
        case .live, .metrics: Self.json(200, #"{"status":"ok"}"#)
        case .ready, .health: document(for: page, snapshot: snapshot)
        }
    }

    private func document(for page: Page, snapshot: Snapshot) -> PageAnswer {
        let state = state.withLock { $0 }
        let accounts = targets.accountStatus()
        let canRecord = ledger.room
        let storeFails = ledger.storeIsFailing
        let isDegraded = storeFails || accounts.values.contains(.degraded) || snapshot.local == .silent
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
        writer.member("status", "ok")
        writer.member("loaded_at", Timestamp(unixSeconds: Int64(configLoadedAt / 1_000)).description)
        writer.endObject()
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
            writer.member("status", (accounts[name] ?? .unknown).rawValue)
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

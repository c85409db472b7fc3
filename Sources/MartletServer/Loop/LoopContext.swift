import MartletExchange
import MartletRouting
import MartletStore
import NIOCore

/// Everything the exchanges of one event loop share; used on that loop only.
final class LoopContext {
    let eventLoop: any EventLoop
    let shared: SharedState
    let pool: UpstreamPool
    let ledger: LedgerTick
    let metrics: MetricsShard
    let dateField: DateField
    /// What the program around the gateway wants to be asked.
    let extensionPoints: ExtensionPoints
    /// The configuration that new exchanges begin on.
    var snapshot: Snapshot
    /// Whether running requests must not be joined by new ones.
    var isDraining = false
    /// A reused list of actions.
    var actions = ActionList()
    /// Random numbers for ids and jitter; not for secrets.
    var generator = LoopRandom()
    /// HTTP/1.1 connections and HTTP/2 streams that are open on this loop.
    var connections: [ObjectIdentifier: ExchangePerformer] = [:]
    /// HTTP/2 connections that are open on this loop.
    var http2Connections: [ObjectIdentifier: HTTP2Connection] = [:]

    init(eventLoop: any EventLoop, shared: SharedState, writer: SpoolWriter, metrics: MetricsShard, snapshot: Snapshot)
    {
        self.eventLoop = eventLoop
        self.shared = shared
        self.snapshot = snapshot
        self.metrics = metrics
        extensionPoints = shared.extensions?.points ?? []
        pool = UpstreamPool(eventLoop: eventLoop, resolver: shared.resolver)
        ledger = LedgerTick(eventLoop: eventLoop, writer: writer)
        dateField = DateField()
    }

    /// Lets new exchanges begin on another configuration; those that run keep theirs.
    func use(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        ledger.isStrict = snapshot.strictDurability
        pool.forgetFiles()
    }
}

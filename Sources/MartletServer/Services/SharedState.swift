import MartletExchange
import MartletRouting
import MartletStore
import NIOCore
import Synchronization

/// What all loops share: machines with one lock a target or key, and the services behind the asks.
final class SharedState: Sendable {
    let resolver: Resolver
    let keys: KeyService
    let ledger: UsageLedger
    let slots: SlotTable
    let targets: TargetTable
    let rotations: RotationTable
    let memory: MemoryWatch
    let health: HealthBoard
    let modelPages = ModelPages()
    let messageAccounts: MessageAccounts
    let accessLog: AccessLog
    let control: ControlBridge
    let computing: ComputeService
    let uploads: UploadSpool
    let media: MediaFetcher
    let responses: ResponseKeeper
    let credentials: CredentialService
    /// What the program around the gateway has put in; mostly nothing.
    let extensions: ExtensionService?
    let shards: [MetricsShard]
    let connectionCount = Atomic<Int>(0)

    init(
        resolver: Resolver,
        keys: KeyService,
        ledger: UsageLedger,
        slots: SlotTable,
        targets: TargetTable,
        rotations: RotationTable,
        memory: MemoryWatch,
        health: HealthBoard,
        messageAccounts: MessageAccounts,
        accessLog: AccessLog,
        control: ControlBridge,
        computing: ComputeService,
        uploads: UploadSpool,
        media: MediaFetcher,
        responses: ResponseKeeper,
        credentials: CredentialService,
        extensions: ExtensionService?,
        shards: [MetricsShard]
    ) {
        self.resolver = resolver
        self.keys = keys
        self.ledger = ledger
        self.slots = slots
        self.targets = targets
        self.rotations = rotations
        self.memory = memory
        self.health = health
        self.messageAccounts = messageAccounts
        self.accessLog = accessLog
        self.control = control
        self.computing = computing
        self.uploads = uploads
        self.media = media
        self.responses = responses
        self.credentials = credentials
        self.extensions = extensions
        self.shards = shards
    }

    /// Whether a new request can be recorded.
    func spoolHasRoom() -> Bool { ledger.room }
}

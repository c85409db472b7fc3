import Foundation
import MartletConfig
@_exported public import MartletExtensions
import MartletServer
public import ServiceLifecycle

/// A gateway inside your own program.
///
/// ```swift
/// var gateway = Gateway(GatewayConfiguration(files: ["martlet.toml"]))
/// gateway.quota = DailyQuota()
/// gateway.observers = [CostPrinter()]
/// try await gateway.run()
/// ```
///
/// The command line starts the same one. It may stand in a `ServiceGroup` of swift-service-lifecycle beside other services.
public struct Gateway: Service {
    /// Where its configuration comes from.
    public var configuration: GatewayConfiguration
    /// Decides whether a request may go on, and at which price; `nil` lets all go on.
    public var quota: (any QuotaExtension)?
    /// Restrict and order the targets of requests, one after the other.
    public var targetPolicies: [any TargetPolicy] = []
    /// Are told what became of each request, each from a queue of its own.
    public var observers: [any SettlementObserver] = []

    /// Creates a gateway; nothing happens until it runs.
    public init(_ configuration: GatewayConfiguration = GatewayConfiguration()) {
        self.configuration = configuration
    }

    /// Serves until it is told to stop, and ends in order.
    ///
    /// What tells it: cancellation of the task, a graceful shutdown of its `ServiceGroup`, and SIGTERM or SIGINT where
    /// ``GatewayConfiguration/handlesSignals``. Readiness ends first, then no new connections are taken, then running
    /// requests end within `server.shutdown_grace_s`. Told a second time, it does not wait.
    ///
    /// - Throws: ``GatewayStartError``.
    public func run() async throws { try await run { _ in } }

    /// Serves until it is told to stop, as ``run()`` does.
    ///
    /// - Parameter listening: Told the address, like `http://127.0.0.1:8004`, once requests are taken.
    /// - Throws: ``GatewayStartError``.
    public func run(listening: @escaping @Sendable (String) -> Void) async throws {
        let stops = AsyncStream.makeStream(of: Void.self)
        let options = options(listening)
        // A task of its own: to cancel this one begins the drain, which must not be cancelled itself.
        let serving = Task { try await GatewayServer.serve(options, stops: (stops.stream, stops.continuation)) }
        do {
            try await withTaskCancellationOrGracefulShutdownHandler {
                try await serving.value
            } onCancelOrGracefulShutdown: {
                stops.continuation.yield()
            }
        } catch let failure as StartFailure {
            throw GatewayStartError(
                kind: failure.kind == .configuration ? .configuration : .start,
                findings: failure.findings
            )
        }
    }

    private func options(_ listening: @escaping @Sendable (String) -> Void) -> ServeOptions {
        var flags = FlagOverrides()
        flags.configFiles = configuration.files
        flags.bind = configuration.bind
        flags.port = configuration.port
        flags.dataDirectory = configuration.dataDirectory
        flags.accessLog = configuration.accessLog
        let environment = configuration.environment ?? ProcessInfo.processInfo.environment
        var options = ServeOptions(flags: flags, environment: environment)
        options.document = configuration.document
        options.watchesFiles = configuration.watchesFiles
        options.trapsSignals = configuration.handlesSignals
        options.extensions.quota = quota
        options.extensions.targetPolicies = targetPolicies
        options.extensions.observers = observers
        if let log = configuration.log { options.log = log }
        options.listening = listening
        return options
    }
}

import HTTPTypes
import Hummingbird
import Logging
import MartletConfig
import MartletCore
import MartletExchange
import MartletStore
import NIOCore
import Synchronization

/// Hands requests of the data plane's listener to the control plane's router, and the router's answers back.
///
/// A bounded number runs at once, away from the event loops; others wait in order of arrival, and the rest is refused.
final class ControlBridge: Sendable {
    /// Makes the answer to a request.
    typealias Responder = @Sendable (Request, ControlContext) async throws -> Response

    /// Requests that run at once.
    static let maxRunning = 32
    /// Requests that may wait for their turn.
    static let maxWaiting = 256
    /// Bytes of an answer's body.
    static let maxBodyBytes = 64 << 20

    private struct Job: Sendable {
        var request: ControlRequest
        var reply: @Sendable (Answer) -> Void
    }

    private struct State {
        var running = 0
        var waiting: [Job] = []
    }

    private enum Admission {
        case run, wait, refuse
    }

    private let responder: Responder
    private let logger: Logger
    private let executor = BlockingExecutor(label: "martlet.control")
    private let state = Mutex(State())

    /// Serves the admin routes.
    ///
    /// - Parameters:
    ///   - ledger: The usage ledger, already started.
    ///   - keys: The gateway keys.
    ///   - reload: Reads the configuration again; `nil` offers no such path.
    ///   - listing: The registry in force; `nil` offers no such path.
    ///   - preview: What requests would be planned to; `nil` offers no such path.
    ///   - wallClock: Milliseconds since 1970.
    ///   - logger: Told of failures of the store.
    convenience init(
        ledger: UsageLedger,
        keys: KeyStore,
        reload: (@Sendable () -> ReloadOutcome)? = nil,
        listing: (@Sendable () -> RegistryListing)? = nil,
        preview: PlanPreview? = nil,
        wallClock: @escaping @Sendable () -> UInt64 = { WallClock.milliseconds() },
        logger: Logger = Logger(label: "martlet.admin")
    ) {
        let routes = AdminRoutes(
            ledger: ledger,
            keys: keys,
            reload: reload,
            listing: listing,
            preview: preview,
            wallClock: wallClock
        )
        let router = routes.makeRouter().buildResponder()
        self.init(logger: logger) { try await router.respond(to: $0, context: $1) }
    }

    /// Serves what a responder of the caller's makes.
    init(logger: Logger = Logger(label: "martlet.admin"), responder: @escaping Responder) {
        self.logger = logger
        self.responder = responder
    }

    /// Answers a request; `reply` is called once, on any thread, maybe before this returns.
    func handle(_ request: ControlRequest, reply: @escaping @Sendable (Answer) -> Void) {
        let job = Job(request: request, reply: reply)
        let admission = state.withLock { state -> Admission in
            if state.running < Self.maxRunning {
                state.running += 1
                return .run
            }
            guard state.waiting.count < Self.maxWaiting else { return .refuse }
            state.waiting.append(job)
            return .wait
        }
        switch admission {
        case .run: start(job)
        case .wait: break
        case .refuse:
            let error = GatewayError(.overloaded, "Too many control-plane requests wait already.", retryAfterSeconds: 1)
            reply(.page(Self.page(error)))
        }
    }

    /// Runs a request, and in the same slot those that wait.
    private func start(_ first: Job) {
        Task(executorPreference: executor) {
            var next: Job? = first
            while let job = next {
                job.reply(.page(await self.answer(job.request)))
                next = self.state.withLock { state in
                    guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                    state.running -= 1
                    return nil
                }
            }
        }
    }

    private func answer(_ request: ControlRequest) async -> PageAnswer {
        // The listener sends a HEAD's answer without its body (RFC 9110 §9.3.2).
        guard let method = HTTPRequest.Method(request.method == "HEAD" ? "GET" : request.method) else {
            return Self.page(GatewayError(.badRequest, "The method is no token."))
        }
        let head = HTTPRequest(method: method, scheme: nil, authority: nil, path: request.path)
        let context = ControlContext(source: ControlSource(request, logger: logger))
        do {
            let response = try await responder(Request(head: head, body: RequestBody(buffer: request.body)), context)
            let body = BodyCollector(maxBytes: Self.maxBodyBytes)
            try await response.body.write(body)
            return PageAnswer(
                status: response.status.code,
                contentType: response.headers[.contentType] ?? "application/octet-stream",
                body: body.bytes,
                allow: response.headers[.allow]
            )
        } catch {
            return Self.page(AdminErrors.gatewayError(error, logger: logger))
        }
    }

    private static func page(_ error: GatewayError) -> PageAnswer {
        let rendered = ErrorBody.render(error, surface: .openAI, requestID: "")
        return PageAnswer(
            status: rendered.status,
            contentType: "application/json",
            body: rendered.body,
            allow: error.allow
        )
    }
}

import Dispatch
import MartletCore
import MartletDialects
import MartletExchange
import MartletStore
import NIOCore
import Synchronization

/// Keeps responses for the callers that want them kept, and answers what is asked of them.
///
/// All on one queue that may block, in order of arrival: a request that comes after an answer finds that answer.
final class ResponseKeeper: Sendable {
    /// Bytes of answers that may wait for the store; what comes on top is not kept.
    static let maxWaitingBytes = 64 << 20
    /// Seconds between two looks for what has expired.
    private static let expiryPause = Duration.seconds(600)

    private let store: ResponseStore
    private let lifetimeSeconds: Int64
    private let wallClock: @Sendable () -> UInt64
    private let log: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "martlet.responses", qos: .userInitiated)
    private let waitingBytes = Atomic<Int>(0)
    /// Whether the store's last failure was told already.
    private let hasFailed = Atomic<Bool>(false)

    /// Opens the store.
    ///
    /// - Parameters:
    ///   - days: How long a response is kept; 0 for good.
    ///   - wallClock: Milliseconds since 1970.
    ///   - log: Told of failures of the store.
    init(
        _ store: ResponseStore,
        days: Int,
        wallClock: @escaping @Sendable () -> UInt64 = { WallClock.milliseconds() },
        log: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        // For good is longer than any disk lives.
        lifetimeSeconds = Int64(days > 0 ? days : 36_500) * 86_400
        self.wallClock = wallClock
        self.log = log
    }

    private var now: Timestamp { Timestamp(unixSeconds: Int64(wallClock() / 1_000)) }

    /// Keeps an answer in the background.
    func keep(_ answer: AnswerToKeep) {
        let bytes = answer.requestBytes + answer.response.count
        guard waitingBytes.add(bytes, ordering: .relaxed).newValue <= Self.maxWaitingBytes else {
            waitingBytes.subtract(bytes, ordering: .relaxed)
            return failed("too many answers wait for the store")
        }
        queue.async { [self] in
            defer { waitingBytes.subtract(bytes, ordering: .relaxed) }
            guard let stored = StoredResponse(request: answer.request, response: answer.response) else { return }
            let kept = KeptResponse(
                id: stored.id,
                keyID: answer.key,
                previousID: stored.previousID,
                createdAt: Timestamp(unixSeconds: answer.createdAt),
                expiresAt: Timestamp(unixSeconds: answer.createdAt + lifetimeSeconds),
                input: StoredResponse.list(stored.input),
                response: stored.response
            )
            do {
                _ = try store.put(kept)
                hasFailed.store(false, ordering: .relaxed)
            } catch {
                failed("\(error)")
            }
        }
    }

    /// Puts the conversation so far in front of a request; `reply` is called once, from another thread.
    func history(_ request: HistoryRequest, reply: @escaping @Sendable (Answer) -> Void) {
        queue.async { [self] in reply(.history(history(request))) }
    }

    private func history(_ request: HistoryRequest) -> HistoryAnswer {
        do {
            guard let chain = try chain(to: request.previousID, request.key) else { return .unknown }
            let bytes = chain.reduce(0) { sum, one in
                (one.input + one.output).reduce(sum) { $0 + $1.count }
            }
            guard bytes <= request.maxBytes else {
                return .failed(
                    GatewayError(
                        .requestTooLarge,
                        "The conversation so far has more than \(request.maxBytes) bytes.",
                        param: "previous_response_id"
                    )
                )
            }
            return .found(try ResponseHistory.effective(request.request, after: chain))
        } catch let error as GatewayError {
            return .failed(error)
        } catch {
            failed("\(error)")
            return .failed(Self.unavailable)
        }
    }

    /// Reads or deletes a response; `reply` is called once, from another thread.
    func answer(_ request: StoredResponseRequest, reply: @escaping @Sendable (Answer) -> Void) {
        queue.async { [self] in reply(.page(page(request))) }
    }

    private func page(_ request: StoredResponseRequest) -> PageAnswer {
        do {
            return Self.page(200, ByteBuffer(bytes: try body(request)))
        } catch let error as GatewayError {
            return Self.page(error)
        } catch {
            failed("\(error)")
            return Self.page(Self.unavailable)
        }
    }

    private func body(_ request: StoredResponseRequest) throws -> [UInt8] {
        let id = request.path.id
        let missing = GatewayError(.notFound, "Response with id '\(id)' not found.")
        switch request.path.part {
        case .response where request.method == .delete:
            guard try store.delete(id, keyID: request.key, now: now) else { throw missing }
            return ResponseHistory.deleted(id)
        case .response:
            let query = try QueryParameters(request.query, names: ["stream"], ignoresOthers: true)
            if query["stream"] == "true" {
                throw GatewayError(.invalidValue, "A response that is kept is not streamed again.", param: "stream")
            }
            guard let kept = try store.get(id, keyID: request.key, now: now) else { throw missing }
            return kept.response
        case .inputItems:
            let query = try QueryParameters(
                request.query,
                names: ["limit", "order", "after"],
                ignoresOthers: true
            )
            guard ["asc", "desc", nil].contains(query["order"]) else {
                throw GatewayError(.invalidValue, "'order' is one of asc, desc.", param: "order")
            }
            let limit = query["limit"].map { Int($0) ?? 0 }
            guard let chain = try chain(to: id, request.key) else { throw missing }
            return try ResponseHistory.inputItemsPage(
                chain,
                limit: limit,
                isAscending: query["order"] == "asc",
                after: query["after"]
            )
        case .cancel:
            guard try store.get(id, keyID: request.key, now: now) != nil else { throw missing }
            throw GatewayError(.badRequest, "Only responses in the background can be cancelled; this one is done.")
        }
    }

    private func chain(to id: String, _ key: APIKeyID) throws -> [StoredResponse]? {
        guard let kept = try store.chain(to: id, keyID: key, now: now) else { return nil }
        var chain: [StoredResponse] = []
        for one in kept {
            guard let stored = StoredResponse(previousID: one.previousID, input: one.input, response: one.response)
            else { return nil }
            chain.append(stored)
        }
        return chain
    }

    /// Deletes a part of what has expired; tells when to look again.
    func expire() -> Duration {
        let limit = 500
        do {
            return try store.expire(now: now, limit: limit) < limit ? Self.expiryPause : .seconds(1)
        } catch {
            failed("\(error)")
            return Self.expiryPause
        }
    }

    /// Waits until what was handed over is kept.
    func finish() { queue.sync {} }

    /// Tells the first failure of a row.
    private func failed(_ reason: String) {
        guard !hasFailed.exchange(true, ordering: .relaxed) else { return }
        log("responses cannot be kept: \(reason)\n")
    }

    private static let unavailable = GatewayError(
        .dependencyUnavailable,
        "Kept responses cannot be read at the moment.",
        retryAfterSeconds: 1
    )

    private static func page(_ error: GatewayError) -> PageAnswer {
        let rendered = ErrorBody.render(error, surface: .openAI, requestID: "")
        return page(rendered.status, rendered.body)
    }

    private static func page(_ status: Int, _ body: ByteBuffer) -> PageAnswer {
        PageAnswer(status: status, contentType: "application/json", body: body)
    }
}

import MartletCore
import MartletExchange
import MartletProviders
import MartletRouting
import MartletWire
import Synchronization

/// Credentials that are fetched, over all loops; survives reloads.
final class CredentialService: Sendable {
    private let holders = Mutex<[CredentialID: CredentialHolder]>([:])
    private let refusals = Mutex(RefusalLog())
    private let fetcher: CredentialFetcher
    private let now: @Sendable () -> Instant
    private let limit: Duration
    private let log: @Sendable (String) -> Void

    /// Creates a service.
    ///
    /// - Parameters:
    ///   - fetcher: Gets credentials.
    ///   - now: The clock that goes on.
    ///   - limit: How long one fetch may take, all its calls together.
    ///   - log: Told why there is none, once for each reason, and when there is one again.
    init(
        _ fetcher: CredentialFetcher,
        now: @escaping @Sendable () -> Instant = { .now },
        limit: Duration = .seconds(10),
        log: @escaping @Sendable (String) -> Void
    ) {
        self.log = log
        self.fetcher = fetcher
        self.now = now
        self.limit = limit
    }

    /// Whether the credential of an authorization is there.
    func check(_ authorization: Authorization, mayFetch: Bool) -> CredentialAnswer {
        guard let holder = holder(of: authorization) else { return .ready }
        return holder.check(at: now(), mayFetch: mayFetch)
    }

    /// Gets a credential; `reply` is called once, from any thread.
    func obtain(_ request: CredentialRequest, reply: @escaping @Sendable (CredentialAnswer) -> Void) {
        guard let holder = holder(of: request.authorization) else { return reply(.ready) }
        holder.obtain(at: now(), refusedSince: request.refusedSince, reply: reply)
    }

    /// The credential of an authorization, while it may be used.
    func current(_ authorization: Authorization) -> KeptCredential? {
        holder(of: authorization)?.current(at: now())
    }

    /// Renews what ends soon; called every second or so.
    func renewDue() {
        let now = now()
        for holder in holders.withLock({ Array($0.values) }) { holder.renewIfDue(at: now) }
    }

    /// The configuration was read again: so are the files that credentials come from.
    func reloaded() {
        for holder in holders.withLock({ Array($0.values) }) { holder.renew() }
    }

    /// A target refused the gateway's own credential: its reason is for the operator, and no business of callers.
    func refused(_ target: Target, status: Int, saying said: UpstreamFailure) {
        let key = RefusalLog.Key(target: target.id.rawValue, status: status, name: said.code ?? said.type)
        guard refusals.withLock({ $0.tells(key, at: now()) }) else { return }
        let kept = target.authorization.flatMap { current($0) }
        let words = RefusalText.line(status: status, said, hiding: target.secrets + (kept?.secrets ?? []))
        // Callers may choose the model's name.
        let id = RefusalText.plain(target.id.rawValue, 300)
        log("credential \(id): \(target.endpoint.authority) refuses it (\(words))\n")
    }

    /// A target refused a request; if that was for the time of its signature, its answer tells what time it is there.
    func refused(_ target: Target, by head: HTTPResponseHead) {
        guard let authorization = target.authorization, case .awsV4 = authorization.form,
            ClockOffset.isAboutTime(head.errorType), let date = head.value(of: "date"),
            let holder = holder(of: authorization)
        else { return }
        let unixSeconds = fetcher.unixSeconds()
        guard let there = HTTPDate.seconds(Array(date), now: unixSeconds),
            let offset = holder.refused(at: there, now: now(), unixSeconds: unixSeconds)
        else { return }
        let place = target.endpoint.authority
        let words =
            "the clock of \(place) is \(offset.magnitude) s \(offset < 0 ? "behind" : "ahead of") this machine's"
        log("credential \(authorization.id): \(words); signatures are made with its time\n")
    }

    private func holder(of authorization: Authorization) -> CredentialHolder? {
        guard let source = authorization.source else { return nil }
        return holders.withLock { holders in
            // A reload may have changed where it comes from.
            if let known = holders[authorization.id], known.source == source { return known }
            let id = authorization.id
            let holder = CredentialHolder(source, now: now()) { [weak self] holder in self?.fetch(for: holder, id) }
            holders[id] = holder
            return holder
        }
    }

    private func fetch(for holder: CredentialHolder, _ id: CredentialID) {
        let (fetcher, limit) = (fetcher, limit)
        Task {
            let result = await Self.fetch(holder.source, fetcher, limit)
            switch holder.finish(result, now: now(), unixSeconds: fetcher.unixSeconds()) {
            case .failed(let reason)?: log("credential \(id): \(reason)\n")
            case .recovered?: log("credential \(id): it is there again\n")
            case nil: break
            }
        }
    }

    private static func fetch(
        _ source: CredentialSource,
        _ fetcher: CredentialFetcher,
        _ limit: Duration
    ) async -> Result<FetchedCredential, CredentialFailure> {
        await withTaskGroup(of: Result<FetchedCredential, CredentialFailure>?.self) { tasks in
            tasks.addTask {
                do throws(CredentialFailure) {
                    return .success(try await fetcher.fetch(source))
                } catch {
                    return .failure(error)
                }
            }
            tasks.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { tasks.cancelAll() }
            return await tasks.next().flatMap { $0 }
                ?? .failure(CredentialFailure("it was not there in time", .unreachable))
        }
    }
}

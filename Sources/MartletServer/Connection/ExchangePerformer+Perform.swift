import MartletCore
import MartletExchange
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore

extension ExchangePerformer {
    func hold(_ handle: ExchangeResources.Handle, as id: SlotID) { resources.hold(handle, as: id) }

    /// Performs one action; events it raises are queued.
    func perform(_ action: consuming ExchangeAction) {
        switch action {
        case .readClient: wantsBody = true
        case .sendContinue: writeContinue()
        case .respond(let head): write(head)
        case .body(let bytes): writeBody(bytes)
        case .endBody: endBody()
        case .abort: abort()
        case .dial(let leg, let target, let privacy, let fresh, let deadline):
            dial(leg, target, privacy: privacy, fresh: fresh, deadline: deadline)
        case .sendUp(let leg, let request): sendUp(leg, request)
        case .readLeg(let leg): legs.first { $0.id == leg }?.connection.readMore()
        case .cancelLeg(let leg): cancel(leg)
        case .ask(let id, let ask): perform(ask, id)
        case .setTimer(let instant): wake(at: instant)
        case .rememberMessage(let id, let key, let account):
            loop.shared.messageAccounts.remember(id, key: key, account: account)
        case .releaseSlot(let slot): resources.release(slot, to: loop.shared.slots)
        case .record(let record): add(record)
        case .keep(let answer): loop.shared.responses.keep(answer)
        case .settle(let outcome): settle(outcome)
        case .observe(let settlement): observe(settlement)
        }
    }

    private func add(_ record: LedgerRecord) {
        awaitedBatch = loop.ledger.add(record, waiter: self)
    }

    private func settle(_ outcome: Outcome) {
        hasSettled = true
        if let record = outcome.record { add(record) }
        loop.metrics.count(outcome)
        loop.shared.accessLog.write(outcome, requestID: exchange?.requestID)
    }

    private func observe(_ settlement: Settlement) {
        guard let awaitedBatch else {
            loop.shared.extensions?.observe(settlement)
            return
        }
        unobserved.append((awaitedBatch, settlement))
    }

    private func observeWritten(through batch: UInt64) {
        for entry in unobserved where entry.batch <= batch { loop.shared.extensions?.observe(entry.settlement) }
        unobserved.removeAll { $0.batch <= batch }
    }

    /// The records up to a batch are written: what waited for them may go.
    func recordsWritten(through batch: UInt64) {
        if !unobserved.isEmpty { observeWritten(through: batch) }
        guard let awaited = awaitedBatch, awaited <= batch else { return }
        awaitedBatch = nil
        for connection in flushAfterRecord { connection.flush() }
        flushAfterRecord.removeAll(keepingCapacity: true)
        flushIfAllowed()
    }

    private func dial(
        _ leg: LegID,
        _ target: Target,
        privacy: PrivacyClass,
        fresh: Bool,
        deadline: Instant
    ) {
        // The last guard but one: what may not leave this device goes through no other machine.
        if target.proxy != nil, privacy == .localOnly { return events.append(.legFailed(leg, .forbidden)) }
        if !fresh, let connection = loop.pool.takeIdle(for: target, privacy: privacy) {
            attach(connection, leg, target)
            events.append(.legConnected(leg, reused: true))
            return
        }
        dials.append(leg)
        let number = generation
        loop.pool.connect(to: target, privacy: privacy, deadline: deadline) { [reference] result in
            guard let client = reference.connection, client.generation == number,
                let index = client.dials.firstIndex(of: leg)
            else {
                if case .success(let connection) = result { connection.abandon() }
                return
            }
            client.dials.remove(at: index)
            switch result {
            case .success(let connection):
                client.attach(connection, leg, target)
                client.deliver(.legConnected(leg, reused: false))
            case .failure(let failure):
                client.deliver(.legFailed(leg, failure))
            }
        }
    }

    private func attach(_ connection: UpstreamConnection, _ leg: LegID, _ target: Target) {
        connection.begin(for: self, leg: leg, target: target)
        legs.append((leg, connection))
    }

    private func sendUp(_ leg: LegID, _ request: UpstreamRequest) {
        guard let connection = legs.first(where: { $0.id == leg })?.connection else { return }
        if let target = connection.target, let authorization = target.authorization, !request.isAuthorized {
            return sendUp(leg, request, to: target, by: authorization, connection)
        }
        write(request, on: connection)
    }

    private func write(_ request: UpstreamRequest, on connection: UpstreamConnection) {
        connection.send(request)
        if awaitedBatch != nil { flushAfterRecord.append(connection) } else { connection.flush() }
    }

    /// Sends a request with a credential that is fetched or signs.
    ///
    /// One that ended since it was asked for is left out: the target refuses the request, and that renews it.
    private func sendUp(
        _ leg: LegID,
        _ request: UpstreamRequest,
        to target: Target,
        by authorization: Authorization,
        _ connection: UpstreamConnection
    ) {
        guard let credential = loop.shared.credentials.current(authorization) else {
            return write(request, on: connection)
        }
        let form = authorization.form
        guard RequestSigner.needsHelp(request, authorization) else {
            var request = request
            let now = Int64(WallClock.milliseconds() / 1_000)
            RequestSigner.authorize(&request, to: target, by: form, with: credential, unixSeconds: now)
            return write(request, on: connection)
        }
        let (number, eventLoop) = (generation, loop.eventLoop)
        let box = LoopBound((client: reference, request: request, connection: connection))
        loop.shared.computing.hash(request.body.buffers) { hash in
            eventLoop.execute {
                // The leg may be over by now, and its connection another one's.
                guard let client = box.value.client.connection, client.generation == number,
                    client.legs.contains(where: { $0.id == leg && $0.connection === box.value.connection })
                else { return }
                var request = box.value.request
                let now = Int64(WallClock.milliseconds() / 1_000)
                RequestSigner.authorize(
                    &request,
                    to: target,
                    by: form,
                    with: credential,
                    payloadHash: hash,
                    unixSeconds: now
                )
                client.write(request, on: box.value.connection)
            }
        }
    }

    private func cancel(_ leg: LegID) {
        dials.removeAll { $0 == leg }
        guard let index = legs.firstIndex(where: { $0.id == leg }) else { return }
        let connection = legs.remove(at: index).connection
        connection.abandon()
    }

    /// A leg's response is over and its connection is no longer this exchange's.
    func detach(_ leg: LegID) { legs.removeAll { $0.id == leg } }

    private func perform(_ ask: Ask, _ id: AskID) {
        let number = generation
        let eventLoop = loop.eventLoop
        let box = LoopBound(reference)
        // `reply` may be called from any thread, once.
        let reply: @Sendable (Answer) -> Void = { answer in
            let carried = LoopBound(answer)
            eventLoop.execute {
                guard let connection = box.value.connection, connection.generation == number else { return }
                connection.deliver(.answer(id, carried.value))
            }
        }
        switch ask {
        case .authenticate(let credentials): loop.shared.keys.lookUp(credentials, reply: reply)
        case .page: loop.shared.renderMetrics(loop.snapshot, reply: reply)
        case .messageAccount(let id, let key): loop.shared.messageAccounts.find(id, key: key, reply: reply)
        case .control(let request): loop.shared.control.handle(request, reply: reply)
        case .credential(let request):
            loop.shared.credentials.obtain(request) { reply(.credential($0)) }
        case .history(let history): loop.shared.responses.history(history, reply: reply)
        case .storedResponse(let request): loop.shared.responses.answer(request, reply: reply)
        case .quota(let request):
            guard let extensions = loop.shared.extensions else { return reply(.quota(.failed)) }
            extensions.decide(request, on: eventLoop, reply: reply)
        case .slot(let request, _): waitForSlot(request, id, number)
        case .compute(let work): loop.shared.computing.run(work, reply: reply)
        case .spool(let bytes): loop.shared.uploads.write(bytes, reply: reply)
        case .fetchMedia(let request): loop.shared.media.fetch(request, reply: reply)
        }
    }

    /// Joins a waiting list.
    ///
    /// A slot that is handed over after the exchange gave up goes back at once.
    private func waitForSlot(_ request: SlotRequest, _ id: AskID, _ number: UInt64) {
        // A wait that timed out in this very event is left before the next one begins.
        if let old = slotWait {
            slotWait = nil
            _ = old.gate.leave(old.ticket)
        }
        let slots = loop.shared.slots
        let policy = loop.snapshot.admission
        let gate: Gate
        let handle: ExchangeResources.Handle
        let limit: Int
        switch request {
        case .process: (gate, handle, limit) = (slots.process, .process, policy.process)
        case .target(let target, let own):
            gate = slots.gate(target)
            (handle, limit) = (.gate(gate), own)
        }
        let eventLoop = loop.eventLoop
        let slot = SlotID(UInt16.max - id.rawValue)
        let box = LoopBound((connection: reference, handle: handle))
        let joined = gate.wait(limit: limit, size: policy.queueSize) {
            eventLoop.execute {
                guard
                    let connection = box.value.connection.connection, connection.generation == number,
                    connection.exchange?.waits(for: id) == true
                else { return gate.release() }
                connection.hold(box.value.handle, as: slot)
                connection.deliver(.answer(id, .slot(slot)))
            }
        }
        switch joined {
        case .granted:
            hold(handle, as: slot)
            events.append(.answer(id, .slot(slot)))
        case .queued(let ticket): slotWait = (id, gate, ticket)
        case .refused: events.append(.answer(id, .slot(nil)))
        }
    }

    /// Leaves a waiting list whose answer is not waited for any more.
    func leaveForgottenQueue() {
        guard let wait = slotWait, exchange?.waits(for: wait.ask) != true else { return }
        slotWait = nil
        // When it was handed over already, the hand-over itself finds nobody and gives the slot back.
        _ = wait.gate.leave(wait.ticket)
    }
}

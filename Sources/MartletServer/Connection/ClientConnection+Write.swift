import MartletCore
import MartletExchange
import MartletRouting
import NIOCore

extension ClientConnection {
    /// Bodies over this many bytes are not copied behind the head.
    private static let copyLimit = 16 << 10

    /// Writes the head of an answer behind what is not flushed yet.
    func write(_ head: ResponseHead) {
        if head.closes { closesAfterResponse = true }
        if head.status == 204 {
            response = .noBody
        } else if head.contentLength != nil {
            response = isHeadRequest ? .noBody : .sized
        } else {
            response = isHeadRequest ? .noBody : speaksHTTP10 ? .sized : .chunked
            if speaksHTTP10 { closesAfterResponse = true }
        }
        let closes = closesAfterResponse || !keepsAlive || loop.isDraining
        if closes { keepsAlive = false }
        ResponseHeadWriter.write(head, date: loop.dateField, closes: closes, chunks: !speaksHTTP10, into: &out)
    }

    /// Writes bytes of the answer in its framing.
    func writeBody(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        guard count > 0 else { return }
        switch response {
        case .none, .noBody: return
        case .sized: append(bytes)
        case .chunked:
            out.writeHexadecimal(count)
            out.writeStaticString("\r\n")
            append(bytes)
            out.writeStaticString("\r\n")
        }
    }

    private func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > Self.copyLimit else {
            out.writeImmutableBuffer(bytes)
            return
        }
        pass()
        context?.write(wrapOutboundOut(bytes), promise: nil)
        hasUnflushed = true
    }

    /// The answer is complete.
    func endBody() {
        if case .chunked = response { out.writeStaticString("0\r\n\r\n") }
        response = .none
    }

    /// Hands what is gathered to the channel, without flushing it.
    private func pass() {
        guard out.readableBytes > 0 else { return }
        // Emptied first: the write may tell this very handler that the channel is full, and so lead back here.
        let bytes = out
        out = ByteBuffer()
        hasUnflushed = true
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    /// Writes and flushes all that is gathered, unless it depends on a record that is not written yet.
    func flushIfAllowed() {
        guard awaitedBatch == nil, !isGone else { return }
        pass()
        if closesWhenFlushed { return closeBehindWrites() }
        if hasUnflushed {
            hasUnflushed = false
            context?.flush()
        }
    }

    /// Flushes, and closes once the last byte is with the operating system; a client that does not read has its time limit.
    private func closeBehindWrites() {
        guard !isClosing, let context else { return }
        isClosing = true
        hasUnflushed = false
        let box = LoopBound(reference)
        let written = loop.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in box.value.connection?.close() }
        closeUnless(within: loop.snapshot.timeouts.writeStall)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    /// Closes once everything is flushed.
    func closeWhenFlushed() {
        closesWhenFlushed = true
        if !isHandling { flushIfAllowed() }
    }

    /// Closes now.
    func close() {
        guard !isGone else { return }
        context?.close(promise: nil)
    }

    /// Wakes the exchange at an instant, unless an earlier wake-up stands; one that is early re-arms.
    func wake(at instant: Instant) {
        if let timerAt, timerAt <= instant { return }
        timer?.cancel()
        timerAt = instant
        let box = LoopBound(reference)
        timer = loop.eventLoop.scheduleTask(in: TimeAmount(instant - .now)) { box.value.connection?.timerFired() }
    }

    /// Closes the connection at a deadline unless a request begins before it.
    func closeUnless(within duration: Duration) {
        let deadline = Instant.now + duration
        connectionDeadline = deadline
        wake(at: deadline)
    }

    private func timerFired() {
        timer = nil
        // After a stop of the process, or under overload, bytes that came in time may wait in the sockets: the loop reads
        // them once before anything expires.
        if let due = timerAt, Instant.now - due > .seconds(1), !readsBeforeTimer {
            readsBeforeTimer = true
            let box = LoopBound(reference)
            timer = loop.eventLoop.scheduleTask(in: .milliseconds(1)) { box.value.connection?.timerFired() }
            return
        }
        readsBeforeTimer = false
        timerAt = nil
        if isBusy { return deliver(.timer) }
        guard let connectionDeadline else { return }
        if connectionDeadline <= .now {
            headTimedOut()
        } else {
            wake(at: connectionDeadline)
        }
    }

    /// An idle connection is closed; one that began a head is told why.
    private func headTimedOut() {
        guard headBytes > 0, !closesAfterResponse else {
            // An answer that is still on its way out is not idleness.
            if !isWritable { return closeUnless(within: loop.snapshot.timeouts.keepAlive) }
            return close()
        }
        headBytes = 0
        incoming.append(.malformed(.init(.requestTimeout, "The request head did not arrive in time.")))
        pump()
    }
}

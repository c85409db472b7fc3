import MartletCore
import MartletExchange
import MartletRouting
import NIOCore

extension ClientConnection {
    /// Bodies over this many bytes are not copied behind the head.
    private static let copyLimit = 16 << 10

    /// Writes the head of an answer behind what is not flushed yet.
    func writeHead(_ head: ResponseHead) {
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
        takeSpare()
        ResponseHeadWriter.write(head, date: loop.dateField, closes: closes, chunks: !speaksHTTP10, into: &out)
    }

    /// Writes bytes of the answer in its framing.
    func frameBody(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        guard count > 0 else { return }
        switch response {
        case .none, .noBody: return
        case .sized: append(bytes)
        case .chunked:
            takeSpare()
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
    func frameEnd() {
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
        if bytes.capacity <= Self.keptCapacity { spare = bytes }
    }

    /// Bytes of memory that a connection keeps from one answer for the next.
    private static let keptCapacity = 4 << 10

    /// Writes into the memory of the last answer; new memory takes its place where that is not written yet.
    private func takeSpare() {
        guard out.capacity == 0 else { return }
        swap(&out, &spare)
        out.clear()
    }

    /// Writes and flushes all that is gathered, unless it depends on a record that is not written yet.
    func flushGathered() {
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
        written.futureResult.whenComplete { _ in (box.value.connection as? ClientConnection)?.close() }
        closeUnless(within: loop.snapshot.timeouts.writeStall)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    /// Closes once everything is flushed.
    func closeWhenFlushed() {
        closesWhenFlushed = true
        if !isHandling { flushGathered() }
    }

    /// Closes now.
    func close() {
        guard !isGone else { return }
        context?.close(promise: nil)
    }

    /// An idle connection is closed; one that began a head is told why.
    func headTimedOut() {
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

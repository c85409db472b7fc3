import MartletCore
import MartletRouting
import NIOCore

/// Streams that are sent only once they are complete, so that another target can be asked for one that breaks.
extension Exchange {
    /// Keeps what a read has brought of such a stream; gives the stream to the caller when this was the end.
    mutating func holdBack(
        _ step: Leg.Step,
        _ index: Int,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let id = call?.legs[index].id, let held = call?.legs[index].held.readableBytes else { return }
        let size = step.sendable.readableBytes
        guard held + size <= snapshot.limits.maxUpstreamStreamBytes else {
            return attemptFailed(id, AttemptFailure(.badResponse), &env, &actions)
        }
        body.hold(size)
        call?.legs[index].heldBack += size
        deadlines.hedge = nil
        guard env.holdBytes(size) else {
            let error = GatewayError(.overloaded, "The gateway is short of memory.", retryAfterSeconds: 1)
            return fail(with: error, &env, &actions)
        }
        call?.legs[index].held.writeImmutableBuffer(step.sendable)
        if call?.legs[index].contentBegan == nil { call?.legs[index].contentBegan = env.now }
        if step.isDone {
            guard call?.legs[index].finishSeen == true else {
                return attemptFailed(id, AttemptFailure(.reset), &env, &actions)
            }
            return giveHeldBack(index, &env, &actions)
        }
        call?.legs[index].deadlines.firstToken = nil
        if step.hasContent { call?.legs[index].deadlines.content = env.now + snapshot.timeouts.idleContent }
        call?.legs[index].deadlines.idle = env.now + snapshot.timeouts.idleStream
        actions.add(.readLeg(id))
        arm(&actions)
    }

    /// Such a stream is complete: commits, and sends all of it.
    mutating func giveHeldBack(_ index: Int, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let id = call?.legs[index].id, let held = call?.legs[index].held else { return }
        // Nothing was sent: another target may have more to say.
        if call?.legs[index].endsBroken == true {
            return attemptFailed(id, AttemptFailure(.serverError), &env, &actions)
        }
        call?.legs[index].held = ByteBuffer()
        commit(index, &env, &actions)
        let passes = call?.index(of: id).flatMap { call?.legs[$0].passesBytes } ?? false
        // What ends a stream that passes as it came waits for the record of its end, and stands in what was held.
        if !passes, held.readableBytes > 0 { actions.add(.body(held)) }
        guard passes else { return streamFinished(nil, &env, &actions) }
        var last = held
        if let index = call?.index(of: id), var rest = call?.legs[index].translation?.value.passingEnd() {
            last.writeBuffer(&rest)
        }
        streamFinished(last, &env, &actions)
    }
}

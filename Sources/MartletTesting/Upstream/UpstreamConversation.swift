import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One connection of a scripted upstream: reads requests and plays their scripts.
///
/// Used on its event loop only.
final class UpstreamConversation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let keeper: JournalKeeper
    private let script: ScriptedUpstream.ScriptSource
    private let number: Int
    private var context: ChannelHandlerContext?
    private var input: [UInt8] = []
    private var steps: ArraySlice<UpstreamScript.Step> = []
    private var isPlaying = false
    private var isStepping = false
    private var canStep = false
    private var requestCount = 0
    private var endsItself = false

    init(keeper: JournalKeeper, script: @escaping ScriptedUpstream.ScriptSource) {
        self.keeper = keeper
        self.script = script
        number = keeper.record { journal in
            journal.connections.append(.init())
            return journal.connections.count - 1
        }
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        input += bytes.readableBytesView
        let (number, count) = (number, bytes.readableBytes)
        keeper.record { $0.connections[number].bytesReceived += count }
        nextRequest()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let (number, endsItself, now) = (number, endsItself, ContinuousClock.now)
        keeper.record { journal in
            journal.connections[number].isClosed = true
            if !endsItself { journal.connections[number].closedByPeer = now }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Takes the next whole request out of what came in.
    private func nextRequest() {
        guard !isPlaying, let end = input.firstRange(of: [13, 10, 13, 10])?.upperBound else { return }
        var request = ReceivedRequest(connection: number, index: requestCount, head: Array(input[..<end]), body: [])
        let length = request.values(of: "content-length").first.flatMap { Int($0) } ?? 0
        guard input.count - end >= length else { return }
        request.body = Array(input[end..<end + length])
        input.removeFirst(end + length)
        requestCount += 1
        let attempt = keeper.add(request)
        steps = script(request, attempt).steps[...]
        isPlaying = true
        step()
    }

    /// Plays steps until one must wait.
    private func step() {
        canStep = true
        guard !isStepping else { return }
        isStepping = true
        while canStep, let context {
            canStep = false
            guard let next = steps.popFirst() else {
                isPlaying = false
                break
            }
            play(next, context)
        }
        isStepping = false
        if !isPlaying { nextRequest() }
    }

    private func play(_ step: UpstreamScript.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .write(let bytes): write(bytes, context)
        case .flood(let bytes, let count):
            if count > 1 { steps.insert(.flood(bytes, count: count - 1), at: steps.startIndex) }
            write(bytes, context)
        case .pause(let duration):
            let parts = duration.components
            let wait = TimeAmount.nanoseconds(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
            _ = context.eventLoop.assumeIsolated().scheduleTask(in: wait) { self.step() }
        case .hold: break
        case .close:
            endsItself = true
            context.close(promise: nil)
        case .reset:
            endsItself = true
            // Linger for no time: what follows is a reset, not an orderly end (POSIX setsockopt, SO_LINGER).
            let provider = context.channel as? any SocketOptionProvider
            _ = provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            context.close(promise: nil)
        }
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let (number, count, keeper) = (number, bytes.count, keeper)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            keeper.record { $0.connections[number].bytesSent += count }
            self.step()
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: promise)
    }
}

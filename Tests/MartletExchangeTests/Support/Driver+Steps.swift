import MartletCore
import MartletRouting
import NIOCore

@testable import MartletExchange

/// Steps that tests are told in.
extension Driver {
    /// Tells the head.
    @discardableResult
    func begin() -> Driver { tell(.clientHead(exchange.head)) }

    /// Tells a whole request.
    @discardableResult
    func send(_ body: String = Chat.body()) -> Driver {
        begin()
        if wantsClient { tell(.clientBytes(ByteBuffer(string: body))) }
        if wantsClient { tell(.clientEnd) }
        return self
    }

    /// The leg that was dialled last.
    var leg: LegID { LegID(UInt16(max(0, legs.count - 1))) }

    /// The newest leg's connection is there.
    @discardableResult
    func connect(reused: Bool = false) -> Driver { tell(.legConnected(leg, reused: reused)) }

    /// The newest leg's response head.
    @discardableResult
    func head(_ status: Int, _ media: UpstreamHead.Media, retryAfter: Duration? = nil) -> Driver {
        tell(.legHead(leg, UpstreamHead(status: status, media: media, retryAfter: retryAfter)))
    }

    /// Bytes of the newest leg.
    @discardableResult
    func bytes(_ text: String) -> Driver { tell(.legBytes(leg, ByteBuffer(string: text))) }

    /// The newest leg's response is complete.
    @discardableResult
    func end() -> Driver { tell(.legEnd(leg)) }

    /// The newest leg breaks.
    @discardableResult
    func fail(_ failure: LegFailure = .closed) -> Driver { tell(.legFailed(leg, failure)) }

    /// Connects, and lets the upstream begin its stream.
    @discardableResult
    func stream(_ text: String = "") -> Driver {
        connect().head(200, .eventStream)
        return text.isEmpty ? self : bytes(text)
    }

    /// Lets time pass; the timer fires where it stands.
    @discardableResult
    func wait(_ duration: Duration) -> Driver {
        let end = env.now + duration
        var fires = 0
        while let at = timer, at <= end, !exchange.isDone, fires < 10_000 {
            env.now = max(env.now, at)
            fires += 1
            tell(.timer)
        }
        env.now = max(env.now, end)
        return self
    }

    /// Lets time pass until the timer, and fires it.
    func fireTimer() {
        guard let timer else { return }
        env.now = max(env.now, timer)
        tell(.timer)
    }

    /// Answers every attempt by a script until the exchange is done.
    @discardableResult
    func serve(_ script: (Int) -> UpstreamScript) -> Driver {
        var attempt = 0
        for _ in 0..<200 where !exchange.isDone {
            let id = leg
            guard let leg = legs[id] else { return self }
            switch leg.state {
            case .dialing:
                attempt += 1
                play(script(attempt), on: id)
            default:
                fireTimer()
            }
        }
        return self
    }

    private func play(_ script: UpstreamScript, on id: LegID) {
        if let failure = script.dialFailure {
            tell(.legFailed(id, failure))
            return
        }
        guard script.connects else {
            fireTimer()
            return
        }
        tell(.legConnected(id, reused: false))
        if let head = script.head { tell(.legHead(id, head)) }
        if !script.bytes.isEmpty { tell(.legBytes(id, ByteBuffer(string: script.bytes))) }
        if exchange.isDone { return }
        switch script.ending {
        case .complete: tell(.legEnd(id))
        case .broken(let failure): tell(.legFailed(id, failure))
        case .silence: break
        }
    }

    /// Does the work that is asked for, and tells what came of it.
    @discardableResult
    func compute() -> Driver {
        guard let open = openAsk, case .compute(let work) = open.ask else { return self }
        return tell(.answer(open.id, .computed(work.run())))
    }

    /// Tells what came of the addresses that are asked for.
    @discardableResult
    func media(_ answer: MediaAnswer) -> Driver {
        guard let open = openAsk, case .fetchMedia = open.ask else { return self }
        return tell(.answer(open.id, .media(answer)))
    }

    /// The body of the newest leg's request.
    var requestText: String {
        (legs[leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
    }

    /// A field of the answer.
    func field(_ name: String) -> String? { response?.fields.first { $0.name == name }?.value }

    /// The code of the error shown, as the surface's body has it.
    var errorCode: String? {
        guard let start = bodyText.firstRange(of: "\"code\":\"") else { return nil }
        return String(bodyText[start.upperBound...].prefix { $0 != "\"" })
    }

    /// Names of the actions of the last event.
    var lastNames: [String] {
        last.map { action in String(action.text(since: env.start).prefix { $0 != " " }) }
    }

    /// Accounts of the legs in the order they were dialled; one more for each new connection of a leg.
    var accounts: [String] { legs.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value.target.account.rawValue) }
}

/// What a scripted upstream does with one attempt.
struct UpstreamScript: Sendable {
    var connects = true
    var dialFailure: LegFailure?
    var head: UpstreamHead?
    var bytes = ""
    var ending = Ending.complete

    enum Ending: Sendable { case complete, silence, broken(LegFailure) }

    static let refusesConnection = UpstreamScript(dialFailure: .connect)
    static let doesNotConnect = UpstreamScript(connects: false)
    static let resets = UpstreamScript(ending: .broken(.closed))
    static let isSilent = UpstreamScript(ending: .silence)

    static func status(
        _ status: Int,
        _ body: String = "{\"error\":{\"message\":\"no\"}}",
        retryAfter: Duration? = nil,
        media: UpstreamHead.Media = .json
    ) -> UpstreamScript {
        UpstreamScript(head: UpstreamHead(status: status, media: media, retryAfter: retryAfter), bytes: body)
    }

    static func stream(_ text: String, ending: Ending = .complete) -> UpstreamScript {
        UpstreamScript(head: UpstreamHead(status: 200, media: .eventStream), bytes: text, ending: ending)
    }
}

import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

/// A place in the life of a request at which its client leaves.
enum Phase: String, CaseIterable, Sendable {
    case head, authenticating, body, queued, targetQueued, dialing, waiting, errorBody, wholeBody, gate, streaming,
        backoff

    /// Leads a request there.
    func reach() -> Driver {
        let driver = Driver(.pair)
        switch self {
        case .head: break
        case .authenticating:
            driver.env.auth = .mustAsk
            driver.begin()
        case .body: driver.begin().tell(.clientBytes(ByteBuffer(string: "{\"model\":")))
        case .queued:
            driver.env.admission = .processFull
            driver.send()
        case .targetQueued:
            driver.env.targetSlots = ["one": .full, "two": .full]
            driver.send()
        case .dialing: driver.send()
        case .waiting: driver.send().connect()
        case .errorBody: driver.send().connect().head(500, .json).bytes("{")
        case .wholeBody: driver.send().connect().head(200, .json).bytes("{")
        case .gate: driver.send(Chat.body(stream: true)).stream(Chat.role)
        case .streaming: driver.send(Chat.body(stream: true)).stream(Chat.role + Chat.text("12345678"))
        case .backoff:
            driver.env.fixedRandom = .max
            driver.send().connect().head(500, .json).end()
        }
        return driver
    }

    /// Whether a leg lives there.
    var hasLeg: Bool {
        switch self {
        case .head, .authenticating, .body, .queued, .targetQueued, .backoff: false
        case .dialing, .waiting, .errorBody, .wholeBody, .gate, .streaming: true
        }
    }

    /// Whether a target was chosen, so that the ledger has a record.
    var isAdmitted: Bool { hasLeg || self == .targetQueued || self == .backoff }

    /// Whether a request was sent upstream and is still being answered.
    var isInFlight: Bool { hasLeg && self != .dialing }
}

@Suite("Client gone and drain") struct CancelTests {
    @Test("the upstream call is cancelled in the very event that tells of it", arguments: Phase.allCases)
    func gone(phase: Phase) {
        let driver = phase.reach()
        driver.tell(.clientGone)
        #expect(driver.problems.isEmpty, "\(driver.report)")
        #expect(driver.isDone)
        #expect(driver.lastNames.contains("cancelLeg") == phase.hasLeg)
        #expect(driver.lastNames.contains("settle"))
        #expect(driver.lastNames.last == "abort")
        #expect(driver.outcome?.status == 499)
        #expect((driver.outcome?.record != nil) == phase.isAdmitted)
        if let record = driver.outcome?.record {
            #expect(record.state == .cancelled)
            #expect(record.status == 499)
        }
    }

    @Test("what was used until then is estimated: the prompt, and the text that came", arguments: Phase.allCases)
    func estimate(phase: Phase) {
        let driver = phase.reach().tell(.clientGone)
        guard let usage = driver.outcome?.usage else {
            #expect(!phase.isInFlight)
            return
        }
        #expect(usage.inputTokens == (phase.isInFlight ? 3 : 0))
        #expect(usage.outputTokens == (phase == .streaming ? 2 : 0))
        #expect(usage.estimated)
    }

    @Test("what the upstream reported before the client left is believed instead")
    func reported() {
        let driver = Phase.streaming.reach().bytes(Chat.finish + Chat.usage).tell(.clientGone)
        #expect(driver.outcome?.usage == Usage(inputTokens: 7, outputTokens: 2))
    }

    @Test("after the end nothing is done, whatever is told", arguments: Phase.allCases)
    func late(phase: Phase) {
        let driver = phase.reach().tell(.clientGone)
        let leg = driver.leg
        let events: [ExchangeEvent] = [
            .clientHead(driver.exchange.head), .clientBytes(ByteBuffer(string: "x")), .clientEnd, .clientGone,
            .clientBroke(GatewayError(.badRequest, "")), .clientWritable(true), .clientWritable(false),
            .legConnected(leg, reused: true), .legHead(leg, UpstreamHead(status: 200, media: .json)),
            .legBytes(leg, ByteBuffer(string: Chat.stream)), .legEnd(leg), .legFailed(leg, .closed),
            .answer(AskID(0), .slot(SlotID(7))), .answer(AskID(0), .authenticated(.refused)), .timer, .drain,
        ]
        for event in events {
            driver.tell(event)
            #expect(driver.last.isEmpty)
        }
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the end of the process is told to everyone who still waits", arguments: Phase.allCases)
    func drain(phase: Phase) {
        let driver = phase.reach().tell(.drain)
        #expect(driver.problems.isEmpty, "\(driver.report)")
        #expect(driver.isDone)
        #expect(driver.errorCode == "draining")
        #expect(driver.response?.status == (phase == .streaming ? 200 : 503))
        #expect(driver.response?.closes == [.head, .authenticating, .body].contains(phase))
        #expect(driver.lastNames.contains("cancelLeg") == phase.hasLeg)
    }

    @Test("a request whose framing breaks is answered while its body is read, and is gone later")
    func broke() {
        let driver = Phase.body.reach().tell(.clientBroke(GatewayError(.badRequest, "Bad chunk.")))
        #expect(driver.response?.status == 400)
        #expect(driver.response?.closes == true)
        let later = Phase.waiting.reach().tell(.clientBroke(GatewayError(.badRequest, "Bad chunk.")))
        #expect(later.wasAborted)
        #expect(driver.problems.isEmpty && later.problems.isEmpty)
    }
}

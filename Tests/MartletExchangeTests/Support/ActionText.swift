import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore

extension ExchangeAction {
    /// What the action does, with all its values, as one line.
    ///
    /// - Parameter start: The instant that times are counted from.
    func text(since start: Instant) -> String {
        switch self {
        case .readClient: "readClient"
        case .sendContinue: "sendContinue"
        case .respond(let head):
            "respond \(head.status) \(head.contentType) \(head.contentLength ?? -1) \(head.closes) "
                + head.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        case .body(let bytes): "body \(String(buffer: bytes))"
        case .endBody: "endBody"
        case .abort: "abort"
        case .dial(let leg, let target, let privacy, let fresh, let deadline):
            "dial \(leg.rawValue) \(target.id) \(privacy) \(fresh) \(deadline - start)"
        case .sendUp(let leg, let request):
            "sendUp \(leg.rawValue) \(request.path) \(request.accept) \(request.body.length) "
                + request.body.buffers.map { String(buffer: $0) }.joined()
        case .readLeg(let leg): "readLeg \(leg.rawValue)"
        case .cancelLeg(let leg): "cancelLeg \(leg.rawValue)"
        case .ask(let id, let ask): "ask \(id.rawValue) \(ask.text)"
        case .setTimer(let instant): "setTimer \(instant - start)"
        case .rememberMessage(let id, let key, let account): "rememberMessage \(id) \(key) \(account)"
        case .releaseSlot(let slot): "releaseSlot \(slot.rawValue)"
        case .record(let record): "record \(record)"
        case .keep(let answer): "keep \(answer.key) \(String(decoding: answer.response, as: UTF8.self))"
        case .settle(let outcome): "settle \(outcome)"
        case .observe(let settlement): "observe \(settlement)"
        }
    }
}

extension Ask {
    /// The kind of the ask.
    var text: String {
        switch self {
        case .authenticate(let credentials): "authenticate \(credentials.values.count)"
        case .slot(.process, _): "process slot"
        case .slot(.target(let id, let limit), _): "target slot \(id) \(limit)"
        case .page(let page): "page \(page)"
        case .messageAccount(let id, let key): "messageAccount \(id) \(key)"
        case .compute: "compute"
        case .spool: "spool"
        case .credential(let request):
            "credential \(request.authorization.id)" + (request.refusedSince == nil ? "" : " refused")
        case .fetchMedia(let request): "media \(request.items.map(\.url)) \(request.allowedHosts)"
        case .history(let history): "history \(history.previousID) \(history.key)"
        case .quota(let request): "quota \(request)"
        case .storedResponse(let request): "response \(request.method.name) \(request.path.id) \(request.path.part)"
        case .control(let request): "control \(request.method) \(request.path) \(String(buffer: request.body))"
        }
    }
}

extension ExchangeEvent {
    /// The event's name and its leg or ask, for histories in failure messages.
    var text: String {
        switch self {
        case .clientHead(let head): "clientHead \(head.method.name) \(head.path)"
        case .clientBytes(let bytes): "clientBytes \(bytes.readableBytes)"
        case .clientEnd: "clientEnd"
        case .clientBroke: "clientBroke"
        case .clientGone: "clientGone"
        case .clientWritable(let writable): "clientWritable \(writable)"
        case .legConnected(let leg, let reused): "legConnected \(leg.rawValue) \(reused)"
        case .legHead(let leg, let head): "legHead \(leg.rawValue) \(head.status) \(head.media)"
        case .legBytes(let leg, let bytes): "legBytes \(leg.rawValue) \(bytes.readableBytes)"
        case .legEnd(let leg): "legEnd \(leg.rawValue)"
        case .legFailed(let leg, let failure): "legFailed \(leg.rawValue) \(failure)"
        case .answer(let ask, _): "answer \(ask.rawValue)"
        case .timer: "timer"
        case .drain: "drain"
        }
    }
}

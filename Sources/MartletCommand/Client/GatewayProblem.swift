import MartletWire

/// What the gateway says when it cannot serve a request.
struct GatewayProblem: Hashable {
    /// The text for people.
    var message: String
    /// The error's `type`.
    var type: String?
    /// The field that is wrong.
    var param: String?
    /// The stable code.
    var code: String?
    /// The answer's status; `nil` within a stream.
    var httpStatus: Int?
    /// The id of the request in the gateway's log.
    var requestID: String?

    /// Reads an error object `{"message", "type", "param", "code"}`, or a bare text.
    init?(_ view: JSONView) {
        if let text = view.string() {
            message = text
            return
        }
        guard let text = view.member("message")?.string() else { return nil }
        message = text
        type = view.member("type")?.string()
        param = view.member("param")?.string()
        let code = view.member("code")
        self.code = code?.string() ?? code?.int64().map(String.init)
    }

    /// Tells of a failure in words of the command's own.
    init(message: String) { self.message = message }

    /// Reads the body of an error answer; a body of another shape yields the status alone.
    init(status: Int, body: [UInt8], requestID: String?) {
        let document = try? JSONDocument(body)
        let parsed = document?.withView { view in
            view.member("error").flatMap { GatewayProblem($0) }
        }
        if let parsed = parsed.flatMap({ $0 }) {
            self = parsed
        } else {
            message = "the gateway answered with status \(status)"
        }
        httpStatus = status
        self.requestID = requestID
    }

    /// The failure of the command.
    var failure: CommandFailure {
        let status = ExitReason(httpStatus: httpStatus ?? 502, code: code)
        return CommandFailure(status, message, problem: self, hint: status.hint)
    }
}

extension ExitReason {
    /// What helps against a failure of the gateway's.
    fileprivate var hint: String? {
        switch self {
        case .authentication: "set MARTLET_API_KEY, or use --key-stdin; `martlet keys create` makes a key"
        case .notFound: "`martlet ai models list` shows what there is"
        default: nil
        }
    }
}

import MartletWire

/// A command could not do its work.
struct CommandFailure: Error, Hashable {
    /// What the process exits with.
    var status: ExitReason
    /// One sentence for the user; never a credential.
    var message: String
    /// What the gateway said, when the failure is an answer of it.
    var problem: GatewayProblem?
    /// What to do about it.
    var hint: String?

    /// Creates a failure.
    init(_ status: ExitReason, _ message: String, problem: GatewayProblem? = nil, hint: String? = nil) {
        self.status = status
        self.message = message
        self.problem = problem
        self.hint = hint
    }

    /// The document that `--json` prints: the shape of the gateway's own errors.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", message)
                writer.member("type", problem?.type ?? (status == .usage ? "invalid_request_error" : "client_error"))
                writer.member("param", problem?.param)
                writer.member("code", problem?.code ?? status.code)
            }
            if let status = problem?.httpStatus {
                writer.key("status")
                writer.integer(status)
            }
            if let id = problem?.requestID { writer.member("request_id", id) }
        }
        return writer.bytes
    }
}

extension Console {
    /// Prints a failure: a sentence on stderr, or with `--json` the document on stdout.
    func report(_ failure: CommandFailure, isJSON: Bool) throws {
        guard !isJSON else { return try printLine(failure.json) }
        try note(errorStyle.paint("error:", .red) + " " + Plain.text(failure.message))
        if let hint = failure.hint { try note(hint) }
        if let id = failure.problem?.requestID { try note("request id: \(Plain.line(id))") }
    }
}

extension JSONWriter {
    /// Writes a member that is a string, or `null`.
    mutating func member(_ name: StaticString, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }
}

import ArgumentParser
import MartletWire

/// `martlet reload`.
struct ReloadCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Let the running gateway read its configuration again; needs an admin key.",
        discussion: Examples.text("martlet reload", "martlet reload --json --url http://127.0.0.1:8004")
            + "\n\nThe key: --key, ADMIN_KEY, MARTLET_API_KEY or GATEWAY_API_KEY. On any error in the files the old"
            + "\nconfiguration stays in force and the exit code is 2. SIGHUP does the same without a key."
    )

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console, variables: ClientKey.adminVariables)
        let reply = try await client.post(client.url.admin("/reload"), json: [])
        guard let result = ReloadResult(reply.body) else {
            throw reply.failure ?? CommandFailure(.failed, "the answer is none of a reload; is this a gateway?")
        }
        if output.json {
            try console.printLine(reply.body)
        } else {
            for finding in result.findings { try console.note(Plain.line(finding)) }
            if result.isAccepted { try console.print("configuration reloaded") }
        }
        guard result.isAccepted else {
            if !output.json {
                let message = "the new configuration is refused; the old one stays in force"
                throw CommandFailure(.configurationInvalid, message)
            }
            throw CommandEnd(exitCode: ExitReason.configurationInvalid.rawValue)
        }
    }
}

/// The answer of `POST /admin/reload`.
struct ReloadResult: Hashable {
    /// Whether the new configuration is in force.
    var isAccepted: Bool
    /// What was found, a line each.
    var findings: [String]

    /// Reads the answer; `nil` when it is of another shape, as other errors are.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let read = document.withView { view -> (Bool, [String])? in
            guard let findings = view.member("findings"), findings.kind == .array else { return nil }
            let lines = findings.elements.compactMap { finding -> String? in
                guard let place = finding.member("place")?.string(),
                    let severity = finding.member("severity")?.string(),
                    let message = finding.member("message")?.string()
                else { return nil }
                let hint = finding.member("suggestion")?.string().map { " (did you mean \($0)?)" } ?? ""
                return "\(place): \(severity): \(message)\(hint)"
            }
            return (view.member("error") == nil, lines)
        }
        guard let read else { return nil }
        (isAccepted, findings) = read
    }
}

import ArgumentParser
import MartletConfig
import MartletRouting
import MartletServer
import MartletStore
import MartletWire

/// `martlet ai doctor`.
struct AIDoctorCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what keeps a gateway from working, whether or not it runs.",
        discussion: Examples.text("martlet ai doctor", "martlet ai doctor --json --config martlet.toml")
            + "\n\nChecks the configuration, the data directory, keys, every account's endpoint with its own key, the"
            + "\nlocal engine, the clock and the running gateway. No model is asked, no key is shown, nothing is changed."
            + "\nThe exit code is 1 when something does not work."
    )

    @OptionGroup var files: ConfigFileOptions
    @OptionGroup var data: DataDirectoryOption

    @Option(help: "The running gateway's address; else MARTLET_BASE_URL, else where the configuration lets it listen.")
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Trust the roots of this PEM file at the running gateway; else MARTLET_CA_FILE, else SSL_CERT_FILE.",
            valueName: "file"
        )
    )
    var caFile: String?

    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        var flags = FlagOverrides()
        flags.configFiles = files.config
        flags.dataDirectory = data.dataDir
        let loaded = LoadedFiles(flags: flags, environment: console.environment)
        let doctor = Doctor(config: loaded.config, files: loaded.paths)
        let address = try address(loaded.config, console)
        var progress = Progress(console)
        try progress.begin("looking")
        var checks = await doctor.checks()
        let roots = AddressOptions.caFile(flag: caFile, environment: console.environment)
        checks.append(await Self.gateway(address.map { GatewayClient(url: $0, caFile: roots) }, doctor.holder))
        try progress.end()
        let report = DoctorReport(checks: checks)
        if output.json {
            try console.printLine(report.json)
        } else {
            try console.writeOutput(Array(report.text(style: console.outputStyle).utf8))
        }
        if report.status == .fail { throw CommandEnd(exitCode: ExitReason.failed.rawValue) }
    }

    /// Where the gateway should be.
    private func address(_ config: LoadedConfig, _ console: Console) throws -> GatewayURL? {
        let variable = console.environment["MARTLET_BASE_URL"] ?? ""
        if url != nil || !variable.isEmpty {
            return try AddressOptions.address(flag: url, environment: console.environment)
        }
        let server = config.settings.server
        guard server.port != 0 else { return nil }
        let host = ["0.0.0.0", "::"].contains(server.host) ? "127.0.0.1" : server.host
        let scheme = server.tls == nil ? "http" : "https"
        return GatewayURL("\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(server.port)")
    }

    /// How the running gateway is, if there is one.
    private static func gateway(_ client: GatewayClient?, _ holder: DirectoryLock.Holder) async -> DoctorCheck {
        let name = "running gateway"
        let url = client?.url
        var process = ""
        if case .process(let pid?) = holder { process = " (process \(pid))" }
        var page: StatusPage?
        if let client, let reply = try? await client.get(client.url.status, within: 5) {
            page = StatusPage(reply.body)
        }
        switch (page, holder) {
        case (let page?, .nobody):
            let text = "\(url.map { "\($0)" } ?? "one") says \(page.status), and has another data directory"
            return DoctorCheck(name, page.isServing ? .warn : .fail, text, hint: "name the one it has by --data-dir")
        case (let page?, _):
            let text = "\(url.map { "\($0)" } ?? "it")\(process) says \(page.status)"
            if page.status == "ok" { return DoctorCheck(name, .ok, text) }
            return DoctorCheck(name, page.isServing ? .warn : .fail, text, hint: "`martlet status` shows every part")
        case (nil, .nobody):
            return DoctorCheck(name, .warn, "none runs on this data directory", hint: "`martlet serve` starts one")
        case (nil, .process):
            let place = url.map { " at \($0)" } ?? ""
            let hint = "name its address by --url; if it is right, look at its log"
            let text = "one has the data directory\(process), but none answers\(place)"
            return DoctorCheck(name, .fail, text, hint: hint)
        }
    }
}

/// What the doctor found.
struct DoctorReport {
    /// One entry for each thing that was looked at.
    var checks: [DoctorCheck]

    /// The worst of all.
    var status: DoctorCheck.Status {
        if checks.contains(where: { $0.status == .fail }) { return .fail }
        return checks.contains { $0.status == .warn } ? .warn : .ok
    }

    /// A line for each check, and one below it for what to do.
    func text(style: Style) -> String {
        let width = checks.map(\.name.count).max() ?? 0
        var text = ""
        for check in checks {
            let tint: Style.Tint =
                switch check.status {
                case .ok: .green
                case .warn: .yellow
                case .fail: .red
                }
            let mark = check.status.rawValue + String(repeating: " ", count: 4 - check.status.rawValue.count)
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            text += "\(style.paint(mark, tint))  \(Plain.line(name))  \(Plain.line(check.message))\n"
            if let hint = check.hint { text += String(repeating: " ", count: width + 8) + Plain.line(hint) + "\n" }
        }
        return text
    }

    /// The same as a document.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("object", "doctor")
            writer.member("status", status.rawValue)
            writer.key("checks")
            writer.array { writer in
                for check in checks {
                    writer.object { writer in
                        writer.member("name", check.name)
                        writer.member("status", check.status.rawValue)
                        writer.member("message", check.message)
                        writer.member("hint", check.hint)
                    }
                }
            }
        }
        return writer.bytes
    }
}

import ArgumentParser

/// `--config`.
struct ConfigFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Read this configuration file; repeatable, later files win.", valueName: "file"))
    var config: [String] = []
}

/// `--data-dir`.
struct DataDirectoryOption: ParsableArguments {
    @Option(help: ArgumentHelp("Keep keys, usage and spool here.", valueName: "path"))
    var dataDir: String?
}

/// `--json`.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON document, also for an error.")
    var json = false

    @OptionGroup var colour: ColourOptions
}

/// `--no-color`; the flag is looked for in the arguments, so that it holds for errors of parsing too.
struct ColourOptions: ParsableArguments {
    @Flag(help: "Print without colours; NO_COLOR does the same.")
    var noColor = false
}

/// Where the gateway is, and which roots its certificate may come from.
struct AddressOptions: ParsableArguments {
    @Option(help: "The gateway's address; else MARTLET_BASE_URL, else \(GatewayURL.standard).")
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Trust the roots of this PEM file, not the system's; else MARTLET_CA_FILE, else SSL_CERT_FILE.",
            valueName: "file"
        )
    )
    var caFile: String?

    /// The client that the flags and variables describe.
    ///
    /// - Throws: A usage failure for a bad address.
    func client(environment: [String: String], key: ClientKey? = nil) throws(CommandFailure) -> GatewayClient {
        GatewayClient(
            url: try Self.address(flag: url, environment: environment),
            key: key,
            caFile: Self.caFile(flag: caFile, environment: environment)
        )
    }

    /// Finds the gateway's address.
    static func address(flag: String?, environment: [String: String]) throws(CommandFailure) -> GatewayURL {
        let variable = environment["MARTLET_BASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
        guard let url = GatewayURL(flag ?? variable ?? GatewayURL.standard) else {
            let place = flag == nil ? "MARTLET_BASE_URL" : "--url"
            throw CommandFailure(.usage, "\(place) must be like \(GatewayURL.standard), without user and query")
        }
        return url
    }

    /// Finds the file of trusted roots; `nil` means the system's.
    static func caFile(flag: String? = nil, environment: [String: String]) -> String? {
        // The last one is what other programs with OpenSSL's habits read.
        let variables = ["MARTLET_CA_FILE", "SSL_CERT_FILE"].lazy.compactMap { environment[$0] }
        return flag ?? variables.first { !$0.isEmpty }
    }
}

/// Which gateway is called, and with which key.
struct GatewayOptions: ParsableArguments {
    @OptionGroup var address: AddressOptions

    @Option(help: "The gateway key. Other users can see it here: rather set MARTLET_API_KEY.")
    var key: String?

    @Flag(help: "Read the gateway key from stdin.")
    var keyStdin = false

    mutating func validate() throws {
        if key != nil, keyStdin { throw ValidationError("--key and --key-stdin exclude each other") }
    }

    /// The client that the flags and variables describe.
    ///
    /// - Parameter variables: The variables that may hold the key.
    /// - Throws: A usage failure for a bad address or key.
    func client(_ console: Console, variables: [String] = ClientKey.variables) throws -> GatewayClient {
        if key != nil {
            try console.warn("a key on the command line can be seen by others; set MARTLET_API_KEY instead")
        }
        var client = try address.client(environment: console.environment)
        let input = keyStdin ? String(decoding: try console.readInput() ?? [], as: UTF8.self) : nil
        client.key = try ClientKey.find(
            flag: key,
            input: input,
            environment: console.environment,
            variables: variables
        )
        return client
    }
}

/// Works out the listener's address from flags and variables.
enum BindOverrides {
    /// Applies `--bind`, `--port` and `PORT`, in this order of precedence.
    ///
    /// `PORT` is what platforms set that expect the process on every interface: alone it means `0.0.0.0:PORT`. With a
    /// bind address in a file it changes the port only; with `MARTLET_BIND` or `--bind` it does nothing.
    static func apply(
        _ flags: FlagOverrides,
        _ environment: [String: String],
        to tree: inout ConfigTable,
        diagnostics: inout [ConfigDiagnostic]
    ) {
        let path = ["server", "bind"]
        if let bind = flags.bind {
            tree.set(path, ConfigNode(value: .string(bind), origin: .flag("--bind")))
        } else if flags.port == nil, let text = environment["PORT"], !text.isEmpty {
            guard let port = PortNumber.parse(text) else {
                diagnostics.append(.init(.error, at: .environment("PORT"), "must be a port, 0 to 65535"))
                return
            }
            let known = tree.at(path)
            if case .environment = known?.origin { return }
            let host = known?.string.flatMap(BindAddress.parse).map(\.spelledHost) ?? "0.0.0.0"
            tree.set(path, ConfigNode(value: .string("\(host):\(port)"), origin: .environment("PORT")))
        }
        if let port = flags.port {
            guard (0...65_535).contains(port) else {
                diagnostics.append(.init(.error, at: .flag("--port"), "must be a port, 0 to 65535"))
                return
            }
            let host = tree.at(path)?.string.flatMap(BindAddress.parse).map(\.spelledHost) ?? "127.0.0.1"
            tree.set(path, ConfigNode(value: .string("\(host):\(port)"), origin: .flag("--port")))
        }
    }
}

extension BindAddress {
    /// The host as it stands before a port.
    var spelledHost: String { host.contains(":") ? "[\(host)]" : host }
}

import MartletConfig
import MartletRouting

/// The settings that a running gateway cannot change: what they govern is made once, at the start.
struct FixedSettings: Sendable {
    /// Keys that need a restart; a key ending in a dot stands for all below it.
    private static let keys = [
        "server.bind", "storage.", "observability.access_log", "observability.log.", "gateway.auth.api_key_location",
        "gateway.auth.admin_key_location",
    ]

    private let host: String
    private let port: Int
    private let values: [String: EffectiveValue]

    /// Notes what the process was started with.
    init(_ config: LoadedConfig) {
        host = config.settings.server.host
        port = config.settings.server.port
        values = Self.fixed(config)
    }

    /// Puts the running listener into a configuration that is to replace the running one.
    ///
    /// Without authentication only a loopback listener is let in, whatever bind the new files name.
    ///
    /// - Returns: A warning for every key whose change waits for a restart, and an error for what must not be.
    func apply(to config: inout LoadedConfig) -> [ConfigDiagnostic] {
        let new = Self.fixed(config)
        var findings: [ConfigDiagnostic] = []
        for key in Set(values.keys).union(new.keys).sorted() where new[key]?.text != values[key]?.text {
            let origin = new[key]?.origin ?? .default
            let text = "\(key) does not change while the gateway runs; restart it for the new value"
            findings.append(ConfigDiagnostic(.warning, at: origin, text))
        }
        config.settings.server.host = host
        config.settings.server.port = port
        if !config.settings.auth.enabled, !config.settings.server.isLoopback {
            let origin = config.values.first { $0.key == "gateway.auth.enabled" }?.origin ?? .default
            let text =
                "gateway.auth.enabled = false is allowed on a loopback bind only; this gateway listens on \(host)"
                + " until it is restarted"
            findings.append(ConfigDiagnostic(.error, at: origin, text))
        }
        return findings
    }

    private static func fixed(_ config: LoadedConfig) -> [String: EffectiveValue] {
        let fixed = config.values.filter { value in
            keys.contains { $0.hasSuffix(".") ? value.key.hasPrefix($0) : value.key == $0 }
        }
        return Dictionary(fixed.map { ($0.key, $0) }) { $1 }
    }
}

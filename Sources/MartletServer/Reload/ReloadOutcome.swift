import MartletConfig
import MartletStore
import MartletWire

/// What became of a reload.
struct ReloadOutcome: Sendable, Hashable {
    /// Whether new requests begin on the new configuration; else the old one stays.
    var isAccepted: Bool
    /// What was found: errors refuse the configuration, warnings do not.
    var findings: [ConfigDiagnostic]
    /// When the configuration in force was read, in milliseconds since 1970.
    var loadedAt: UInt64

    /// The answer of `POST /admin/reload`.
    var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        if isAccepted {
            writer.member("object", "reload")
            writer.member("status", "ok")
        } else {
            let errors = findings.count { $0.severity == .error }
            writer.key("error")
            writer.beginObject()
            writer.member(
                "message",
                "The new configuration is refused (\(errors) error\(errors == 1 ? "" : "s")); the old one stays."
            )
            writer.member("type", "invalid_request_error")
            writer.key("param")
            writer.null()
            writer.member("code", "configuration_invalid")
            writer.endObject()
        }
        writer.member("loaded_at", Timestamp(unixSeconds: Int64(clamping: loadedAt / 1_000)).description)
        writer.key("findings")
        findings.write(to: &writer)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The lines for the log.
    var text: String {
        let head =
            isAccepted
            ? "configuration reloaded" : "the new configuration is refused, the old one stays in force:"
        return ([head] + findings.map(\.description)).map { $0 + "\n" }.joined()
    }
}

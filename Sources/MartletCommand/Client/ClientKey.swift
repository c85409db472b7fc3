/// The gateway key that a command sends; never shown.
struct ClientKey: Hashable {
    /// The key's text.
    private let text: String

    /// Wraps a key; `nil` when it could not stand in a header field.
    init?(_ text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.text = text
    }

    /// The value of the `Authorization` field (RFC 6750 §2.1).
    var authorization: String { "Bearer " + text }

    /// Variables of a key for inference, first to last.
    static let variables = ["MARTLET_API_KEY", "GATEWAY_API_KEY"]
    /// Variables of a key for the control plane, first to last.
    static let adminVariables = ["ADMIN_KEY"] + variables

    /// Finds the key: `--key`, `--key-stdin`, then the first variable that is set; `nil` when there is none.
    ///
    /// - Parameters:
    ///   - flag: The value of `--key`.
    ///   - input: The text of stdin when it holds the key.
    ///   - environment: The environment.
    ///   - variables: The variables that may hold it.
    /// - Throws: A usage failure that does not show the key.
    static func find(
        flag: String?,
        input: String?,
        environment: [String: String],
        variables: [String] = Self.variables
    ) throws(CommandFailure) -> ClientKey? {
        let variable = variables.first { environment[$0]?.isEmpty == false }
        let found: (text: String, place: String)? =
            if let flag {
                (flag, "--key")
            } else if let input {
                (input, "stdin")
            } else if let variable, let text = environment[variable] {
                (text, variable)
            } else {
                nil
            }
        guard let found else { return nil }
        guard let key = ClientKey(trimmed(found.text)) else {
            throw CommandFailure(.usage, "the key of \(found.place) is empty or has characters that no key has")
        }
        return key
    }

    private static func trimmed(_ text: String) -> String {
        let inner = text.drop { $0.isWhitespace }
        guard let last = inner.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(inner[...last])
    }
}

extension ClientKey: CustomStringConvertible, CustomReflectable {
    /// A mask.
    var description: String { "••••" }
    /// Nothing, so that a dump does not show the key.
    var customMirror: Mirror { Mirror(self, children: []) }
}

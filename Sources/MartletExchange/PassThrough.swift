/// An endpoint of OpenAI's API that is no chat: its bytes go to an OpenAI-compatible target and come back as they are.
///
/// - SeeAlso: OpenAI API reference, "Moderations", "Images", "Audio" and "Files".
public struct PassThrough: Sendable, Hashable {
    /// The path below the base path.
    public var path: String
    /// The name in the access log.
    public var name: String
    /// The methods it has.
    public var methods: [ClientHead.Method]

    /// Finds the endpoint of a path below a base path.
    ///
    /// - Parameter path: The path as sent, without the base path and without a slash at its end.
    init?(_ path: Substring) {
        self.path = String(path)
        methods = [.post]
        switch path {
        case "/moderations": name = "moderations"
        case "/images/generations", "/images/edits", "/images/variations": name = "images"
        case "/audio/speech", "/audio/transcriptions", "/audio/translations": name = "audio"
        case "/files":
            name = "files"
            methods = [.get, .post]
        default:
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3 || (parts.count == 4 && parts[3] == "content"), parts[0].isEmpty,
                parts[1] == "files", !parts[2].isEmpty, parts[2].utf8.allSatisfy(Self.isPlain)
            else { return nil }
            name = "files"
            methods = parts.count == 3 ? [.get, .delete] : [.get]
        }
    }

    /// Whether a byte may stand in the id of a file.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte == 0x2D || byte == 0x5F || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
    }
}

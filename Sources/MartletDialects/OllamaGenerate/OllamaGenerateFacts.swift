public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request to `/api/generate`.
public enum OllamaGenerateFacts {
    /// Reads facts from a body that a scanner has accepted.
    ///
    /// Parameters and errors are those of ``OllamaChatFacts``.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(
            body,
            scanner,
            OllamaFacts.shared + ["prompt", "system", "suffix", "images"]
        )
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        try OllamaFacts.read(members, into: &facts)
        let prompt = try members.textBytes("prompt")
        facts.textBytes = prompt + (try members.textBytes("system")) + (try members.textBytes("suffix"))
        facts.messageCount = prompt > 0 ? 1 : 0
        if let images = members["images"] {
            guard images.kind == .array else { throw .invalid("images", "must be an array") }
            facts.imageParts = OllamaFacts.count(images)
        }
        return facts
    }
}

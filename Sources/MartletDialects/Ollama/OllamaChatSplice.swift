public import MartletCore
public import MartletWire

/// Makes the edits that turn a caller's body into the body of one request to an Ollama; every other byte stays.
public enum OllamaChatSplice {
    /// Makes the edits: those of ``BodySplice``, and `keep_alive` where the caller does not say how long.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body, of any of Ollama's routes.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What the route's facts read from it.
    ///   - upstreamModel: The provider's own name of the model.
    ///   - keepAlive: How long the model stays loaded after the request; `nil` leaves the server's setting.
    ///   - dropParams: Top-level members the upstream does not take.
    public static func edits(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts,
        upstreamModel: String,
        keepAlive: String? = nil,
        dropParams: [String] = []
    ) -> JSONSplice {
        var splice = unsafe BodySplice.edits(
            body,
            scanner: scanner,
            facts: facts,
            upstreamModel: upstreamModel,
            dropParams: dropParams
        )
        guard let keepAlive, !dropParams.contains("keep_alive"), let root = scanner.rootRange,
            let members = try? unsafe BodyMembers(body, scanner, ["keep_alive"])
        else { return splice }
        let value = OllamaSettings.value(keepAlive: keepAlive)
        if let given = members.any("keep_alive") {
            if given.isNull { splice.replace(given.range, with: value) }
        } else {
            let places = scanner.members.map { $0.key.lowerBound - 1..<$0.value.upperBound }
            let object = JSONObjectLayout(range: root, members: places)
            splice.insertMember(Array("keep_alive".utf8), value: value, into: object)
        }
        return splice
    }
}

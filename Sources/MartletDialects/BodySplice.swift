public import MartletCore
public import MartletWire

/// Makes the edits that turn a caller's body into the body of one upstream request of the same dialect.
///
/// For embeddings and every other surface without anything of its own to change; every other byte stays.
public enum BodySplice {
    /// Makes the edits: `model` is replaced, the members that speak to the gateway and those the upstream does not take
    /// are removed.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What the surface's facts read from it.
    ///   - upstreamModel: The provider's own name of the model.
    ///   - dropParams: Top-level members the upstream does not take.
    public static func edits(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts,
        upstreamModel: String,
        dropParams: [String] = []
    ) -> JSONSplice {
        unsafe OpenAIChatSplice.edits(
            body,
            scanner: scanner,
            facts: facts,
            upstreamModel: upstreamModel,
            acceptsStreamUsage: false,
            dropParams: dropParams
        )
    }
}

public import MartletCore
public import MartletWire

/// Makes the edits that turn a caller's body into the body of one upstream request; every other byte stays.
public enum OpenAIResponsesSplice {
    /// Makes the edits.
    ///
    /// Replaces `model`; removes the members that speak to the gateway (see ``RequestFacts/gatewayMembers``; `metadata`
    /// is OpenAI's own and stays) and those the upstream does not take.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What ``OpenAIResponsesFacts`` read from it.
    ///   - upstreamModel: The provider's own name of the model.
    ///   - dropParams: Top-level members the upstream does not take.
    /// - Returns: The edits, for ``JSONSplice/pieces(originalLength:)``.
    public static func edits(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts,
        upstreamModel: String,
        dropParams: [String] = []
    ) -> JSONSplice {
        // What chat completions are edited for is here the same, but that usage is never asked for.
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

public import MartletCore
public import MartletWire

/// Makes the edits that turn a caller's body into the body of one request to a target of this dialect; every other byte
/// stays, unknown fields and the order of members among them.
public enum AnthropicMessagesSplice {
    /// Makes the edits.
    ///
    /// Replaces `model`; removes the members that speak to the gateway (see ``RequestFacts/gatewayMembers``) and those
    /// the upstream does not take. Serves the counting of tokens too.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What ``AnthropicMessagesFacts`` read from it.
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
        // Usage needs no asking here; all else is as in OpenAI's chat.
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

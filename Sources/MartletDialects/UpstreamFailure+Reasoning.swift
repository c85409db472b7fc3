public import MartletCore

extension UpstreamFailure {
    /// Whether the provider does not take sealed reasoning of the history for its own: it came from another account, or
    /// from a key that is no more.
    ///
    /// OpenAI's code is `invalid_encrypted_content`; Anthropic's text names the signature of a thinking block (`messages.1.content.0: Invalid `signature` in `thinking` block`), as Bedrock and Vertex repeat it.
    public var refusesReasoning: Bool {
        if code == "invalid_encrypted_content" { return true }
        let text = message.utf8
        return text.contains("signature".utf8) && text.contains("thinking".utf8)
    }
}

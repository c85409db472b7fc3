public import MartletCore

extension UpstreamFailure {
    /// Whether the provider does not take sealed reasoning of the history for its own: it came from another account, or
    /// from a key that is no more.
    ///
    /// OpenAI's code is `invalid_encrypted_content`; Anthropic's text names the signature of a thinking block
    /// (`messages.1.content.0: Invalid `signature` in `thinking` block`), as Bedrock and Vertex repeat it; Gemini's says
    /// `Thought signature is not valid`, names the field (`thought_signature`) that is no base64, or says that a call
    /// lacks it.
    public var refusesReasoning: Bool {
        if code == "invalid_encrypted_content" { return true }
        let text = message.utf8
        guard text.contains("ignature".utf8) else { return false }
        return ["thinking", "hought signature", "hought_signature", "houghtSignature"].contains { name in
            text.contains(name.utf8)
        }
    }
}

/// How a server is asked to go on from a text of the assistant's in place of answering it.
public enum TextContinuation: String, Hashable, Sendable, CaseIterable, Decodable {
    /// A conversation that ends with the assistant's turn is gone on from (Anthropic's API reference, "Prefill Claude's
    /// response"; llama.cpp's server README, `--prefill-assistant`; Ollama's chat templates).
    case plain
    /// That turn has the member `"prefix": true` (Mistral's API reference, "Prefix"; DeepSeek's, "Chat prefix completion").
    case prefix
    /// The request has `"continue_final_message": true` and `"add_generation_prompt": false` (vLLM's and SGLang's
    /// OpenAI-compatible servers).
    case finalMessage = "final_message"
}

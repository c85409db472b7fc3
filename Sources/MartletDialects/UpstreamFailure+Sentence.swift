import MartletCore

extension UpstreamFailure {
    /// Gives a failure the code that OpenAI's clients know it by where its sentence says more than its status does.
    ///
    /// Servers like OpenAI's answer 400 to a prompt that is too long, with a code that repeats the status; xAI to a key
    /// that it does not know, too.
    mutating func classifySentence() {
        let text = Array(message.utf8).map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        if spokenCode == nil, text.starts(with: "incorrect api key provided".utf8) {
            code = "invalid_api_key"
        } else if code != "exceed_context_size_error", type != "exceed_context_size_error",
            Self.tooLong.contains(where: { text.contains([UInt8](staticString: $0)) })
        {
            code = "context_length_exceeded"
        }
    }

    /// What servers say of a prompt that does not fit, in small letters.
    ///
    /// Of these engines and services, each as their sources or their users' reports have it (read November 2026).
    private static let tooLong: [StaticString] = [
        // OpenAI, vLLM, DeepSeek, OpenRouter, Mistral ("too large for model with 32768 maximum context length"), LMI.
        "maximum context length",
        // vLLM.
        "longer than the maximum model length", "too long to fit into the model",
        // SGLang and Together.
        "longer than the model's context length", "exceeds the maximum allowed length",
        // TGI and what is built on it.
        "tokens + `max_new_tokens` must be", "`inputs` must have less than",
        // LM Studio.
        "greater than the context length",
        // llama-server, Ollama.
        "exceeds the available context size", "longer than the context length", "exceeds the context length",
        "exceeded max context length",
        // Groq.
        "reduce the length of the messages",
        // xAI.
        "maximum prompt length is",
        // Bedrock, Anthropic, Fireworks.
        "input is too long", "prompt is too long", "too many input tokens",
    ]
}

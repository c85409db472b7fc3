public import MartletCore

/// Types of engines that are recognised by their answers.
extension ProviderKind {
    /// llama.cpp's server.
    public static let llamaServer = ProviderKind("llama_server")
    /// LM Studio.
    public static let lmStudio = ProviderKind("lm_studio")
    /// Ollama.
    public static let ollama = ProviderKind("ollama")
    /// vLLM.
    public static let vllm = ProviderKind("vllm")
    /// Any other server that speaks OpenAI's chat completions.
    public static let openAICompatible = ProviderKind("openai_compatible")
}

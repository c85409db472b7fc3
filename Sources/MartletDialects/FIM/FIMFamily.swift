/// A family of models that were trained to fill a gap between two texts, with the special tokens of each.
///
/// Sources: Qwen2.5-Coder's README ("Fill in the middle"); Code Llama, arXiv:2308.12950 §2.3, and its tokenizer;
/// StarCoder 2, arXiv:2402.19173 §5.1; the model cards of deepseek-ai/deepseek-coder; Google's "CodeGemma prompt
/// structure"; mistral-common (suffix first, `[SUFFIX]` and `[PREFIX]`, no token for the middle); the tokenizers of
/// ibm-granite/granite-3.3 (ggml-org/llama.cpp#12988) and granite-4.0.
public enum FIMFamily: String, Hashable, Sendable, CaseIterable {
    /// Qwen2.5-Coder, Qwen3-Coder.
    case qwenCoder
    /// Code Llama, 7B and 13B.
    case codeLlama
    /// StarCoder, StarCoder 2, Stable Code, CodeQwen 1.5.
    case starCoder
    /// DeepSeek Coder and its second version.
    case deepSeekCoder
    /// CodeGemma.
    case codeGemma
    /// Codestral.
    case codestral
    /// Granite Code and Granite 3.3.
    case granite
    /// Granite 4.
    case granite4

    /// Finds the family by a model's name, in whatever spelling (`qwen2.5-coder:7b`, `Qwen/Qwen2.5-Coder-7B`).
    ///
    /// - Returns: `nil` for a model that is not known to fill gaps; one without tokens for it would write them as text.
    public init?(model: String) {
        let name = model.utf8.filter { byte in
            let letter = byte | 0x20
            return letter &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
        }.map { byte in byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }
        func has(_ text: StaticString) -> Bool { name.contains([UInt8](staticString: text)) }
        if has("codeqwen") || has("starcoder") || has("stablecode") {
            self = .starCoder
        } else if has("qwen"), has("coder") {
            self = .qwenCoder
        } else if has("deepseekcoder") {
            self = .deepSeekCoder
        } else if has("codellama") {
            self = .codeLlama
        } else if has("codegemma") {
            self = .codeGemma
        } else if has("codestral") {
            self = .codestral
        } else if has("granite4") {
            self = .granite4
        } else if has("granite33") || has("granite") && has("code") {
            self = .granite
        } else {
            return nil
        }
    }

    /// The prompt for a gap, to be sent without any other template.
    ///
    /// - Parameters:
    ///   - prefix: The text before the gap.
    ///   - suffix: The text behind it.
    public func prompt(prefix: String, suffix: String) -> String {
        switch self {
        case .qwenCoder, .codeGemma, .granite4: "<|fim_prefix|>\(prefix)<|fim_suffix|>\(suffix)<|fim_middle|>"
        case .starCoder, .granite: "<fim_prefix>\(prefix)<fim_suffix>\(suffix)<fim_middle>"
        case .codeLlama: "<PRE> \(prefix) <SUF>\(suffix) <MID>"
        case .deepSeekCoder: "<｜fim▁begin｜>\(prefix)<｜fim▁hole｜>\(suffix)<｜fim▁end｜>"
        case .codestral: "[SUFFIX]\(suffix)[PREFIX]\(prefix)"
        }
    }

    /// Whether a token says where the middle begins.
    public var hasMiddleToken: Bool { self != .codestral }

    /// What ends the middle, for servers that write special tokens as text instead of stopping at them.
    public var stop: [String] {
        switch self {
        case .qwenCoder:
            [
                "<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|repo_name|>",
                "<|file_sep|>", "<|im_start|>", "<|im_end|>",
            ]
        case .codeLlama: ["<EOT>", "<PRE>", "<SUF>", "<MID>"]
        case .starCoder: ["<|endoftext|>", "<file_sep>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>"]
        case .deepSeekCoder: ["<｜end▁of▁sentence｜>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]
        case .codeGemma: ["<|file_separator|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<end_of_turn>"]
        case .codestral: ["[PREFIX]", "[SUFFIX]"]
        case .granite: ["<|endoftext|>", "<|end_of_text|>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>"]
        case .granite4: ["<|end_of_text|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
        }
    }
}
